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
  const parts = `${part('text/plain', transfer(mail.text))}${part('text/html', transfer(asciiHtml(mail.html)))}`;
  return { envelope, content: Buffer.from(`${head}\r\n\r\n${parts}--${boundary}--\r\n`, 'latin1') };
}

const isPlain = ({ messageId, from, to, subject }: Mail): boolean =>
  PLAIN_SUBJECT.test(subject) &&
  PLAIN_NAME.test(from.name) &&
  PLAIN.test(from.address) &&
  PLAIN.test(to) &&
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

/** How a text is transferred, and the text: as it is where it is ASCII in lines that are not too long, else in base64. */
function transfer(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in there
  if (!/^[\t\n\x20-\x7e]*$/.test(text)) return `base64\r\n\r\n${wrap(encode(text))}`;
  const lines = text.split('\n');
  if (lines.some((line) => line.length > MAX_LINE)) return `base64\r\n\r\n${wrap(encode(text))}`;
  return `7bit\r\n\r\n${lines.join('\r\n')}`;
}

/** HTML has a way to write every character in ASCII. */
const asciiHtml = (html: string): string => html.replace(/[\u{80}-\u{10ffff}]/gu, (c) => `&#${c.codePointAt(0)};`);
