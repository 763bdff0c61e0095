import fc from 'fast-check';
import { editDistance, fold, queryWords, vocabularyOf, wordsOf } from './search-words.js';
import { nearest } from './spelling.query.js';

describe('words of a text', () => {
  it('are folded: lower case, without accents', () => {
    expect(fold('Crème BRÛLÉE Œuvre Straße Łódź')).toBe('creme brulee oeuvre strasse lodz');
    expect(fold('ヴィンテージ한국어')).toBe('ヴィンテージ한국어'.normalize('NFKC'));
  });

  it('are separated by every other sign, apostrophes apart', () => {
    expect(wordsOf("Men's T-Shirt, 12oz (blue/green)")).toEqual(['mens', 't', 'shirt', '12oz', 'blue', 'green']);
    expect(wordsOf(' ,;:!* ')).toEqual([]);
  });

  it('a query takes each once, at most twelve', () => {
    expect(queryWords('red Red RED mug')).toEqual(['red', 'mug']);
    expect(queryWords('a b c d e f g h i j k l m n')).toHaveLength(12);
  });

  it('the vocabulary takes words that a typo can be corrected to', () => {
    expect(vocabularyOf(['A 12 to 2024 mug', 'Mug'])).toEqual(['mug', 'mug']);
  });
});

describe('the distance of words', () => {
  it.each([
    ['mug', 'mug', 0],
    ['mgu', 'mug', 1],
    ['sirt', 'shirt', 1],
    ['shrit', 'shirt', 1],
    ['canlde', 'candle', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('%s → %s takes %i', (a, b, steps) => expect(editDistance(a, b)).toBe(steps));

  it('is a metric of changes: symmetric, zero for equals only, at most the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it('decides which known word was meant', () => {
    expect(nearest('shrit', ['short', 'shirt', 'skirt'])).toBe('shirt');
    expect(nearest('cerma', ['cotton', 'ceramic'])).toBe('ceramic');
    expect(nearest('xyzzy', ['shirt', 'mug'])).toBeUndefined();
    expect(nearest('ab', ['abc'])).toBeUndefined();
  });

  it('skips no word that was meant, whatever the letters', () => {
    const slow = (given: string, words: readonly string[]) => {
      const slips = given.length < 3 ? 0 : given.length < 5 ? 1 : given.length < 8 ? 2 : 3;
      const distances = words.map((word) =>
        Math.min(
          editDistance(given, word),
          given.length >= 4 ? editDistance(given, word.slice(0, given.length)) + 0.5 : Infinity,
        ),
      );
      const least = Math.min(Infinity, ...distances);
      return least <= slips ? words[distances.indexOf(least)] : undefined;
    };
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', 'ж', '한'), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 12 }), (given, words) => {
        expect(nearest(given, words)).toBe(slow(given, words));
      }),
      { numRuns: 2_000 },
    );
  });

  it('looks through a hundred thousand words without keeping others waiting', () => {
    const words = Array.from({ length: 100_000 }, (_, i) => `${(i * 2_654_435_761).toString(36)}beaker`);
    const startedAt = process.cpuUsage();
    expect(nearest('chestrefield', [...words, 'chesterfield'])).toBe('chesterfield');
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(500);
  });
});
