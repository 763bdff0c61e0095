import { toMime } from './mime.js';

const mail = {
  messageId: '<job_1@shop.example.com>',
  from: { name: 'Emporium Demo', address: 'shop@example.com' },
  to: 'ada@example.com',
  subject: 'Order 1042 is confirmed',
  text: 'Hello Ada,\n\n.a line that begins with a dot\n',
  html: '<p>2 × Mug, 10 €</p>\n<p>Söhne, with a gift for somebody: 🎁</p>\n',
};
const read = (given: Partial<typeof mail>) => toMime({ ...mail, ...given }).content.toString('latin1');
const headOf = (content: string) => content.slice(0, content.indexOf('\r\n\r\n'));
/** The two forms as a mail program reads them. */
function partsOf(content: string): { encoding: string; body: string }[] {
  const boundary = /boundary="(.+?)"/.exec(content)![1]!;
  // What is before the first boundary is the head, what is behind the last one nothing.
  const parts = content.split(`\r\n--${boundary}`).slice(1, -1);
  return parts.map((part) => {
    const [head, ...rest] = part.split('\r\n\r\n');
    const raw = rest.join('\r\n\r\n');
    const encoding = /Content-Transfer-Encoding: (\S+)/.exec(head!)![1]!;
    return { encoding, body: encoding === 'base64' ? Buffer.from(raw, 'base64').toString() : raw };
  });
}

describe('a mail as it travels', () => {
  it('is plain text where it can be: no line but CRLF between them, HTML with entities', () => {
    const content = read({});
    expect(partsOf(content)).toEqual([
      { encoding: '7bit', body: 'Hello Ada,\r\n\r\n.a line that begins with a dot\r\n' },
      {
        encoding: '7bit',
        body: '<p>2 &#215; Mug, 10 &#8364;</p>\r\n<p>S&#246;hne, with a gift for somebody: &#127873;</p>\r\n',
      },
    ]);
    expect(content).toMatch(/^[\t\r\n\x20-\x7e]*$/);
    expect(content).not.toMatch(/[^\r]\n|\r[^\n]/);
    expect(headOf(content).split('\r\n').slice(0, 4)).toEqual([
      'From: Emporium Demo <shop@example.com>',
      'To: ada@example.com',
      'Subject: Order 1042 is confirmed',
      'Message-ID: <job_1@shop.example.com>',
    ]);
  });

  it('is base64 where it is not ASCII, has lines that are too long, or other ends of lines', () => {
    for (const text of ['Grüße\n', `${'x'.repeat(999)}\n`, 'a\rb\n', 'a\0b\n']) {
      const [plain] = partsOf(read({ text }));
      expect(plain).toEqual({ encoding: 'base64', body: text });
    }
    // In entities it would be four times as long; and HTML reads the entity of a control character as another one.
    for (const html of ['<p>Здравствуйте!</p>\n', '<p>a\u0096b</p>', `<p>${'x'.repeat(998)}€</p>`])
      expect(partsOf(read({ html }))[1]).toEqual({ encoding: 'base64', body: html });
    expect(partsOf(read({ text: `${'x'.repeat(998)}\n` }))[0]).toMatchObject({ encoding: '7bit' });
  });

  it('says the same of plain and of other headers, and nothing in them begins another one', () => {
    const plain = headOf(read({}));
    // One more than is written by hand: nodemailer writes it.
    const encoded = headOf(read({ from: { name: 'Emporium: Demo', address: 'shop@example.com' } }));
    const namesOf = (head: string) => [...head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name);
    expect(namesOf(plain).sort()).toEqual(namesOf(encoded).sort());
    for (const evil of ['a\r\nBcc: b@example.com', 'a\nBcc: b@example.com', 'a\rBcc: b@example.com']) {
      expect(headOf(read({ subject: evil }))).not.toMatch(/^Bcc:/m);
      expect(headOf(read({ from: { name: evil, address: 'shop@example.com' } }))).not.toMatch(/^Bcc:/m);
      expect(headOf(read({ to: `ada@example.com${evil}` }))).not.toMatch(/^Bcc:/m);
    }
  });

  it('quotes an address that may not stand as it is', () => {
    for (const to of ['a..b@example.com', '.a@example.com', 'a.@example.com'])
      expect(headOf(read({ to }))).toContain(`To: <"${to.split('@')[0]}"@example.com>`);
  });

  it('names the same envelope either way', () => {
    const of = (given: Partial<typeof mail>) => toMime({ ...mail, ...given }).envelope;
    expect(of({})).toEqual({ from: 'shop@example.com', to: ['ada@example.com'] });
    expect(of({ subject: 'Grüße' })).toEqual(of({}));
    expect(of({ to: 'ada@bücher.example' })).toEqual({ from: 'shop@example.com', to: ['ada@xn--bcher-kva.example'] });
  });
});
