import { rangeOf } from './byte-range.js';

describe('rangeOf', () => {
  it.each([
    [undefined, null],
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=90-1000', { start: 90, end: 99 }],
    ['bytes=-5', { start: 95, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['bytes=20-10', null],
    ['bytes=-', null],
    ['bytes=0-1,5-6', null],
    ['lines=1-2', null],
  ])('%s of 100 bytes is %j', (header, expected) => expect(rangeOf(header, 100)).toEqual(expected));

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('refuses %s', (header) => {
    expect(() => rangeOf(header, 100)).toThrow();
  });
});
