import fc from 'fast-check';
import { queryWords } from '../search-words.js';
import { SynonymBook } from './synonym-book.js';

const book = new SynonymBook([
  { terms: ['Sofa', 'Couch', 'settee'], targets: [] },
  { terms: ['Mobile phone', 'cell'], targets: ['Smartphone'] },
  { terms: ['couch'], targets: ['Day bed'] },
]);
const query = (q: string) => book.tsquery(queryWords(q));

describe('synonyms in a search', () => {
  it('stand for each other, whatever the capitals, and in the plural', () => {
    expect(query('sofa')).toBe('((sofa:*) | (couch) | (settee))');
    expect(query('red SETTEES')).toBe('red:* & ((settees:*) | (sofa) | (couch))');
  });

  it('lead one way only where they shall', () => {
    expect(query('cell')).toBe('((cell:*) | (smartphone))');
    expect(query('smartphone')).toBe('smartphone:*');
  });

  it('of several words are found as they stand together', () => {
    expect(query('mobile phone case')).toBe('((mobile:* & phone:*) | (smartphone)) & case:*');
    expect(query('mobile case')).toBe('mobile:* & case:*');
  });

  it('of several groups are taken together', () => {
    expect(query('couch')).toBe('((couch:*) | (sofa) | (settee) | (day & bed))');
  });

  it('cost a shop without any nothing: the search is what it was', () => {
    const none = new SynonymBook([]);
    expect(none.tsquery(['red', 'mug'])).toBe('red:* & mug:*');
    expect(none.words).toEqual([]);
  });

  it('whatever staff writes, no text makes an operator of tsquery', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), text, (terms, q) => {
        const made = new SynonymBook([{ terms, targets: [] }]).tsquery(queryWords(`${terms[0]} ${q}`));
        expect(made.replace(/[\p{L}\p{N}\p{M}]+/gu, 'w')).toMatch(/^[w:*&|() ]*$/);
      }),
    );
  });
});
