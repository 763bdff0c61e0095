import { wordsOf } from '../search-words.js';

/** What staff wrote: terms of one or more words. */
export interface SynonymTerms {
  terms: readonly string[];
  /** Found too by whoever searches for a term; empty: the terms stand for each other. */
  targets: readonly string[];
}

interface Entry {
  words: string[];
  /** Other ways to say it, each of some words. */
  others: string[][];
}

/** More alternatives make a search dear and no better. */
const MAX_OTHERS = 60;

/** English shoppers type the plural of what a list has in the singular; Postgres takes both for one word, and so does this. */
const singular = (word: string) => (word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word);

/** The synonyms of a shop, ready to be applied to searches: pure, so that a search costs a look into a map. */
export class SynonymBook {
  /** By their first word, the longest first. */
  private readonly entries = new Map<string, Entry[]>();
  /** Every word that leads somewhere, for the correction of typos. */
  readonly words: readonly string[];

  constructor(groups: readonly SynonymTerms[]) {
    for (const { terms, targets } of groups) {
      for (const term of terms) {
        const others = (targets.length > 0 ? targets : terms).filter((other) => other !== term);
        this.add(wordsOf(term), others.map(wordsOf));
      }
    }
    for (const list of this.entries.values()) list.sort((a, b) => b.words.length - a.words.length);
    this.words = [...new Set([...this.entries.values()].flatMap((list) => list.flatMap(({ words }) => words)))];
  }

  /**
   * The words of a search as a tsquery: each as the beginning of a word, and where some of them have synonyms, those instead.
   * The words hold letters and digits only, so nothing in them is an operator.
   */
  tsquery(words: readonly string[]): string {
    const parts: string[] = [];
    for (let i = 0; i < words.length;) {
      const found = this.at(words, i);
      const own = words.slice(i, i + (found?.words.length ?? 1)).map((word) => `${word}:*`);
      parts.push(found ? `(${[own, ...found.others].map((one) => `(${one.join(' & ')})`).join(' | ')})` : own[0]!);
      i += own.length;
    }
    return parts.join(' & ');
  }

  /** The longest term that stands at this place. */
  private at(words: readonly string[], start: number): Entry | undefined {
    if (this.entries.size === 0) return undefined;
    return this.entries
      .get(singular(words[start]!))
      ?.find((entry) => entry.words.every((word, i) => singular(words[start + i] ?? '') === singular(word)));
  }

  private add(words: string[], others: string[][]): void {
    const [first] = words;
    if (first === undefined) return;
    const list = this.entries.get(singular(first)) ?? [];
    this.entries.set(singular(first), list);
    const key = words.map(singular).join(' ');
    let entry = list.find((known) => known.words.map(singular).join(' ') === key);
    if (!entry) list.push((entry = { words, others: [] }));
    const known = new Set(entry.others.map((one) => one.join(' ')));
    for (const other of others) {
      const text = other.join(' ');
      if (text === '' || known.has(text) || entry.others.length >= MAX_OTHERS) continue;
      known.add(text);
      entry.others.push(other);
    }
  }
}
