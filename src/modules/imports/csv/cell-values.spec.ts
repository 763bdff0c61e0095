import { readPrice, readValues } from './cell-values.js';

describe('a refused cell', () => {
  it('is quoted in whole characters, however they are encoded', () => {
    const quoted = (text: string) => {
      const reading = readPrice(text, 'USD');
      return 'reason' in reading ? reading.reason.split(', not ')[1] : reading;
    };
    expect(quoted(`${'x'.repeat(59)}😀yyyy`)).toBe(`"${'x'.repeat(59)}😀…"`);
    expect(quoted('😀'.repeat(60))).toBe(`"${'😀'.repeat(60)}"`);
    expect(quoted('😀'.repeat(61))).toBe(`"${'😀'.repeat(60)}…"`);
  });
});

describe('values by their keys', () => {
  it('have keys and texts that can be stored', () => {
    expect(readValues('{"roast":"Dark 😀"}')).toEqual({ value: { roast: 'Dark 😀' } });
    for (const cell of ['{"\\ud800":1}', '{"roast":"\\udc00"}', '{"a\\u0000":true}', '{"roast":"\\u0000"}'])
      expect(readValues(cell)).toEqual({ reason: expect.stringContaining('cannot be stored') });
  });
});
