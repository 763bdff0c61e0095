import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvText, listText, neutralized, readList, restored } from './index.js';

describe('texts that spreadsheets would run', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+49 30 1', "'+49 30 1"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', "'\rx"],
    ["'=1", "''=1"],
    ["'tis", "'tis"],
    ['a=b', 'a=b'],
    ['', ''],
  ])('%j is written as %j and read back', (text, written) => {
    expect(neutralized(text)).toBe(written);
    expect(restored(written)).toBe(text);
  });

  it('come back whatever they are, and never begin like a formula', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^['=+\-@\t\r]{0,4}[a-z]{0,3}$/));
    fc.assert(
      fc.property(texts, (text) => {
        expect(restored(neutralized(text))).toBe(text);
        expect(neutralized(text)).not.toMatch(/^[=+\-@\t\r]/);
      }),
    );
  });
});

describe('csvText', () => {
  it('writes what a reader reads again, line breaks, quotes and all', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 4 }), (cells) => {
        const [read] = parse(csvText([cells]), { record_delimiter: '\n' }) as string[][];
        expect(read!.map(restored)).toEqual(cells);
      }),
    );
  });

  it('leaves numbers and flags as they are', () => {
    expect(csvText([[-5, 1.5, true, false, null, 'a,b']])).toBe('-5,1.5,TRUE,FALSE,,"a,b"\n');
  });
});

describe('names in one cell', () => {
  it.each([
    [['a', 'b c'], 'a, b c'],
    [['Trade, "big"', 'x'], '"Trade, ""big""", x'],
    [[], ''],
  ])('%j are written as %j', (names, written) => {
    expect(listText(names)).toBe(written);
  });

  it.each([
    [' a ,b,, "c, d" ', ['a', 'b', 'c, d']],
    ['12" vinyl, b', ['12" vinyl', 'b']],
    ['"a', null],
  ])('%j is read as %j', (cell, names) => {
    expect(readList(cell)).toEqual(names);
  });

  it('come back whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (names) => {
        expect(readList(listText(names))).toEqual(names);
      }),
    );
  });
});
