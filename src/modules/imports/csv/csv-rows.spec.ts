import { type CsvRow, type ImportSource, readCsvRows } from './csv-rows.js';

function source(content: string | Buffer, chunkBytes = 7): ImportSource {
  const bytes = Buffer.from(content as string);
  return {
    name: 'test.csv',
    size: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

async function read(content: string | Buffer, chunkBytes?: number): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of readCsvRows(source(content, chunkBytes))) rows.push(row);
  return rows;
}

const linesOf = async (content: string) => (await read(content)).map(({ line, cells }) => [line, ...cells]);

describe('readCsvRows', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('tells the line on which a row begins, past breaks inside quotes and blank lines (%s)', async (_name, eol) => {
    const text = ['a,b', '1,"x', 'y', 'z"', '', '2,""', '3,"""q"""'].join(eol);
    expect(await linesOf(text)).toEqual([
      [1, 'a', 'b'],
      [2, '1', ['x', 'y', 'z'].join(eol)],
      [6, '2', ''],
      [7, '3', '"q"'],
    ]);
  });
  it('reads a BOM, an end without a line break, and characters that are split between chunks', async () => {
    for (const chunkBytes of [1, 2, 3, 1000]) {
      const rows = await read('\ufeffHandle,Title\r\ncafé,Ünïcødé 🍵', chunkBytes);
      expect(rows.map((row) => row.cells)).toEqual([
        ['Handle', 'Title'],
        ['café', 'Ünïcødé 🍵'],
      ]);
    }
  });
  it.each<[string, string | Buffer]>([
    ['semicolons', 'a;"b;b"\n1,5;café, süß\n'],
    ['tabs', 'a\t"b;b"\n"1,5"\t"café, süß"\n'],
    ['Windows-1252', Buffer.from('a,"b;b"\n"1,5","caf\xe9, s\xfc\xdf"\n', 'latin1')],
    ['Windows-1252, semicolons and CRLF', Buffer.from('a;"b;b"\r\n1,5;caf\xe9, s\xfc\xdf', 'latin1')],
    ['a BOM and semicolons', '\ufeffa;"b;b"\r\n1,5;"café, süß"\r\n'],
  ])('reads %s', async (_name, content) => {
    for (const chunkBytes of [1, 5, 1000]) {
      expect((await read(content, chunkBytes)).map(({ line, cells }) => [line, ...cells])).toEqual([
        [1, 'a', 'b;b'],
        [2, '1,5', 'café, süß'],
      ]);
    }
  });
  it('tells how many bytes are read', async () => {
    expect((await read('a,b\r\nç,d\r\n')).map((row) => row.endByte)).toEqual([5, 11]);
  });

  it.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'Line 1: the file is empty.'],
    ['a file of blank lines', '\n\n', 'Line 1: the file is empty.'],
    [
      'a quote that is never closed',
      'a,b\n1,2\n3,"x\ny\n',
      'Line 3: a quotation mark is opened in this row and never closed.',
    ],
    [
      'a quote that breaks a later row',
      'a,b\n1,2\n\n3,"x\n4,"y"\n',
      'Line 4: a quoted field of the row that begins here',
    ],
    ['a bare quote in a field', 'a,b\n1,5" pan\n', 'Line 2: a field of this row contains a quotation mark'],
    ['a mixture', Buffer.from('a,b\n1,caf\xc3\xa9\n3,caf\xe9\n', 'latin1'), 'Line 3: the text is not UTF-8'],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'Line 1: the text is UTF-16'],
    ['a spreadsheet', Buffer.from('PK\x03\x04\x14\x00\x06\x00more', 'latin1'), 'Line 1: this is a spreadsheet'],
    ['zero bytes', Buffer.from('a,b\n1,\0\n'), 'Line 2: there are zero bytes'],
  ])('refuses %s and names the line', async (_name, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content, 1_000)).rejects.toThrow(message);
  });
  it('refuses an endless line without keeping all of it', async () => {
    let asked = 0;
    const endless: ImportSource = {
      name: 'endless',
      size: 1,
      async *open() {
        for (;;) {
          asked += 1;
          yield Buffer.alloc(1024 * 1024, 0x61);
        }
      },
    };
    await expect(readCsvRows(endless).next()).rejects.toThrow('Line 1: the line is too long');
    expect(asked).toBeLessThan(8);
  });
  it('refuses a quote that swallows megabytes', async () => {
    const text = `a,b\n1,"${'x\n'.repeat(3 * 1024 * 1024)}"\n`;
    await expect(read(text, 65_536)).rejects.toThrow(
      'Line 2: a quotation mark is opened in this row and never closed.',
    );
  });
});
