import { encode, wrap } from 'nodemailer/lib/base64';
import MimeNode from 'nodemailer/lib/mime-node';
import type { Mail } from './mailer.js';

/** A mail as it travels, and between whom. */
export interface Mime {
  envelope: MimeNode.Envelope;
  content: Buffer;
}

/** An address that is sent as it is written. */
const PLAIN = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9.-]+$/;

/**
 * A mail as it travels (RFC 5322), both forms of it in base64. Whole and at once: nodemailer would stream it piece by piece
 * through ten transforms into as many packets, which took more of the worker than everything else about an order.
 */
export function toMime({ messageId, from, to, subject, text, html }: Mail): Mime {
  const root = new MimeNode('multipart/alternative');
  // The types know only text, but an address is taken as it is too, and need not be taken apart.
  root.setHeader('From', from as never);
  root.setHeader('To', { name: '', address: to } as never);
  root.setHeader({
    Subject: subject,
    'Message-ID': messageId,
    // Out-of-office replies and other machines answer such mail with silence.
    'Auto-Submitted': 'auto-generated',
  });
  // Chooses the boundary too. Whatever is in a value, it cannot begin another header.
  const head = root.buildHeaders();
  const boundary = String(root.boundary);
  const part = (type: string, content: string) =>
    `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
    `${wrap(encode(content))}\r\n`;
  const content = Buffer.from(
    `${head}\r\n\r\n${part('text/plain', text)}${part('text/html', html)}--${boundary}--\r\n`,
    'latin1',
  );
  return { envelope: envelope(root, from.address, to), content };
}

/** Addresses as the server gets them: what is no ASCII is rewritten by nodemailer's rules. */
function envelope(root: MimeNode, from: string, to: string): MimeNode.Envelope {
  return PLAIN.test(from) && PLAIN.test(to) ? { from, to: [to] } : root.setEnvelope({ from, to }).getEnvelope();
}
