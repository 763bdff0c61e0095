/** Letters that no Unicode decomposition takes apart, as Postgres' unaccent writes them. */
const LETTERS: Record<string, string> = {
  ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ħ: 'h', ı: 'i', ŋ: 'n',
}; // prettier-ignore

/** Lower case without accents: `Crème Brûlée` → `creme brulee`. Other scripts stay as they are. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  // eslint-disable-next-line no-control-regex -- pure ASCII is the common case and needs nothing more
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[ßæœøđðþłħıŋ]/g, (letter) => LETTERS[letter]!)
    .normalize('NFC');
}

const MAX_WORD = 60;

/**
 * The words of a text, folded: what is indexed and what is searched for go through here, so that they meet.
 * Apostrophes vanish (`men's` → `mens`); every other sign separates.
 */
export function wordsOf(text: string): string[] {
  return (
    fold(text)
      .replace(/['’ʼ`´]/g, '')
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.filter((word) => word.length <= MAX_WORD) ?? []
  );
}

/** Words that a typo can be corrected to: three letters or more, no bare numbers. */
export function vocabularyOf(texts: readonly string[]): string[] {
  return texts.flatMap(wordsOf).filter((word) => word.length >= 3 && /\p{L}/u.test(word));
}

const MAX_QUERY_WORDS = 12;

/** The words of a search, each once, at most twelve. */
export function queryWords(q: string): string[] {
  return [...new Set(wordsOf(q))].slice(0, MAX_QUERY_WORDS);
}

/** Edit distance that counts a swap of two neighbors as one step (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  let before: number[] = [];
  let last: number[] = Array.from({ length: width }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j < width; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
