import { randomBytes } from '#libs/ids';
import { encode, wrap } from 'nodemailer/lib/base64';
import MimeNode from 'nodemailer/lib/mime-node';
import type { Mail } from './mailer.js';

/** A mail as it travels, and between whom. */
export interface Mime {
  envelope: MimeNode.Envelope;
  content: Buffer;
}

/** Out-of-office replies and other machines answer such mail with silence. */
const AUTO = 'Auto-Submitted: auto-generated';

/** An address that is sent as it is written. */
const PLAIN = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9.-]+$/;

/** What stands in a header as it is written. */
const PLAIN_ADDRESS = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9.-]+$/;
const PLAIN_NAME = /^[A-Za-z0-9]+( [A-Za-z0-9]+)*$/;
const PLAIN_SUBJECT = /^[\x21-\x7e]([\x20-\x7e]{0,58}[\x21-\x7e])?$/;
const PLAIN_ID = /^<[\w.@-]{1,60}>$/;

/**
 * A mail as it travels (RFC 5322). Whole and at once: nodemailer would stream it piece by piece through ten transforms into as
 * many packets, which took more of the worker than everything else about an order.
 */
export function toMime(mail: Mail): Mime {
  const boundary = `--_${randomBytes(12).toString('hex')}`;
  const { head, envelope } = isPlain(mail) ? plainHead(mail, boundary) : encodedHead(mail, boundary);
  const part = (type: string, body: string) =>
    `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${body}\r\n`;
  const parts = `${part('text/plain', transfer(mail.text))}${part('text/html', transferHtml(mail.html))}`;
  return { envelope, content: Buffer.from(`${head}\r\n\r\n${parts}--${boundary}--\r\n`, 'latin1') };
}

const isPlain = ({ messageId, from, to, subject }: Mail): boolean =>
  PLAIN_SUBJECT.test(subject) &&
  PLAIN_NAME.test(from.name) &&
  PLAIN_ADDRESS.test(from.address) &&
  PLAIN_ADDRESS.test(to) &&
  PLAIN_ID.test(messageId);

interface Head {
  head: string;
  envelope: MimeNode.Envelope;
}

/** Nothing is to be encoded or quoted, which is the rule. */
function plainHead({ messageId, from, to, subject }: Mail, boundary: string): Head {
  const head = [
    `From: ${from.name} <${from.address}>`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
    AUTO,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
  ].join('\r\n');
  return { head, envelope: { from: from.address, to: [to] } };
}

/** By nodemailer's rules. Whatever is in a value, it cannot begin another header. */
function encodedHead({ messageId, from, to, subject }: Mail, boundary: string): Head {
  const root = new MimeNode(`multipart/alternative; boundary="${boundary}"`);
  // The types know only text, but an address is taken as it is too, and need not be taken apart.
  root.setHeader('From', from as never);
  root.setHeader('To', { name: '', address: to } as never);
  const [name, value] = AUTO.split(': ');
  root.setHeader({ Subject: subject, 'Message-ID': messageId, [name!]: value! });
  const head = root.buildHeaders();
  const areSent = PLAIN.test(from.address) && PLAIN.test(to);
  return {
    head,
    envelope: areSent ? { from: from.address, to: [to] } : root.setEnvelope({ from: from.address, to }).getEnvelope(),
  };
}

/** RFC 5322 allows no longer ones. */
const MAX_LINE = 998;

/** A text as it is, where it is ASCII in lines that are not too long; else null. */
function asItIs(text: string): string | null {
  if (!/^[\t\n\x20-\x7e]*$/.test(text)) return null;
  const lines = text.split('\n');
  return lines.some((line) => line.length > MAX_LINE) ? null : `7bit\r\n\r\n${lines.join('\r\n')}`;
}

const inBase64 = (text: string): string => `base64\r\n\r\n${wrap(encode(text))}`;

/** How a text is transferred, and the text. */
const transfer = (text: string): string => asItIs(text) ?? inBase64(text);

/** How much longer it makes a text, with the ends of its lines. */
const BASE64 = (4 / 3) * (78 / 76);

/**
 * HTML has a way to write every character in ASCII (but for control characters, which it reads as others): for the few that
 * most mails have, but not where base64 is shorter.
 */
function transferHtml(html: string): string {
  const ascii = html.replace(/[\u{a0}-\u{10ffff}]/gu, (c) => `&#${c.codePointAt(0)};`);
  return ascii.length <= Buffer.byteLength(html) * BASE64 ? (asItIs(ascii) ?? inBase64(html)) : inBase64(html);
}
