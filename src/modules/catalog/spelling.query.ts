import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { Search, SearchMode } from './listing-sql.js';
import { editDistance, fold, queryWords } from './search-words.js';
import { Synonyms } from './synonyms/synonyms.service.js';

interface Candidates {
  given: string;
  known: boolean;
  similar: string[];
}

/** Understands the words of shoppers: their synonyms, and their typos by the words that occur in the catalog. */
@Injectable()
export class SpellingQuery {
  constructor(
    private readonly db: Db,
    private readonly synonyms: Synonyms,
  ) {}

  /** The search of `q` as typed, with its typos corrected, or by likeness of titles; undefined when there is nothing to try. */
  async search(q: string, mode: SearchMode): Promise<Search | undefined> {
    const words = queryWords(q);
    if (mode === 'plain') return { mode, text: await this.tsquery(words) };
    if (words.length === 0) return undefined;
    if (mode === 'alike') return { mode, text: fold(words.join(' ')) };
    const corrected = await this.correct(words);
    return corrected ? { mode, text: await this.tsquery(corrected) } : undefined;
  }

  /** What finds these words, or what stands for them. */
  async tsquery(words: readonly string[]): Promise<string> {
    return (await this.synonyms.current()).tsquery(words);
  }

  /** The words with each unknown one replaced by the nearest known one; null when there is nothing to correct. */
  async correct(words: readonly string[]): Promise<string[] | null> {
    const asked = words.map((word) => ({ word, swaps: swapsOf(word) }));
    const rows = await this.db.query<Candidates>(
      `SELECT w.word AS given, coalesce((SELECT s.word FROM search_words s WHERE s.word >= w.word ORDER BY s.word LIMIT 1) LIKE w.word || '%', false) AS known,
              ARRAY(SELECT similar_words(w.word)) || ARRAY(SELECT s.word FROM search_words s WHERE s.word = ANY(w.swaps))
                AS similar
       FROM jsonb_to_recordset($1) AS w (word text, swaps text[])`,
      [JSON.stringify(asked)],
    );
    const meant = (await this.synonyms.current()).words;
    const better = new Map(
      rows.map(({ given, known, similar }) => {
        if (known || meant.some((word) => word.startsWith(given))) return [given, given];
        return [given, nearest(given, [...similar, ...meant])];
      }),
    );
    const corrected = words.map((word) => better.get(word) ?? word);
    return corrected.some((word, i) => word !== words[i]) ? corrected : null;
  }
}

/** The word with each pair of neighbors swapped: trigrams of short words do not survive a swap. */
function swapsOf(word: string): string[] {
  return Array.from(
    { length: word.length - 1 },
    (_, i) => word.slice(0, i) + word.charAt(i + 1) + word.charAt(i) + word.slice(i + 2),
  ).filter((swapped) => swapped.isWellFormed());
}

/** How many slips a word of this length may have. */
function tolerance(word: string): number {
  return word.length < 3 ? 0 : word.length < 5 ? 1 : word.length < 8 ? 2 : 3;
}

/** Which letters begin a word, as bits: a slip changes two of them at most. */
function lettersOf(word: string, length: number): number {
  let letters = 0;
  for (let i = 0; i < length; i += 1) letters |= 1 << (word.charCodeAt(i) & 31);
  return letters;
}

function bitsIn(letters: number): number {
  let count = 0;
  for (let rest = letters; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * The candidate with the fewest slips; it may be longer than what was typed so far, which counts a little. Most candidates are
 * told apart by their letters alone, so that a long list keeps nobody waiting.
 */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  const slips = tolerance(given);
  if (slips === 0) return candidates.includes(given) ? given : undefined;
  const { length } = given;
  const letters = lettersOf(given, length);
  let best: { word: string; distance: number } | undefined;
  for (const word of candidates) {
    const isLonger = length >= 4 && word.length > length;
    if (word.length < length - slips || (!isLonger && word.length > length + slips)) continue;
    const isAlike = (end: number) => bitsIn(letters ^ lettersOf(word, end)) <= 2 * slips;
    let distance = Infinity;
    if (word.length <= length + slips && isAlike(word.length)) distance = editDistance(given, word);
    if (isLonger && isAlike(length)) distance = Math.min(distance, editDistance(given, word.slice(0, length)) + 0.5);
    if (distance <= slips && (best === undefined || distance < best.distance)) best = { word, distance };
  }
  return best?.word;
}
