/** A form of a mail, as a mail program reads it. */
export interface MailPart {
  type: string;
  body: string;
}

/** The forms of a mail with boundaries, as a server received it. */
export function mailParts(message: string): MailPart[] {
  const [, boundary] = /boundary="(.+?)"/.exec(message)!;
  const unstuffed = message.replaceAll(/^\.\./gm, '.');
  return unstuffed
    .split(`\r\n--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const at = part.indexOf('\r\n\r\n');
      const [head, raw] = [part.slice(0, at), part.slice(at + 4)];
      const [, type] = /^Content-Type: ([^;\s]+)/m.exec(head)!;
      const isEncoded = /^Content-Transfer-Encoding: base64/m.test(head);
      return { type: type!, body: (isEncoded ? Buffer.from(raw, 'base64').toString() : raw).replaceAll('\r\n', '\n') };
    });
}
