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
});
