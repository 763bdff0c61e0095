import { randomInt } from 'node:crypto';

const CODE = /^[A-Z0-9][A-Z0-9_-]{2,63}$/;
/** Without what is easily misread. */
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const RANDOM_LENGTH = 10;

/** A code as it is kept, whatever its case; null for a text that no code can be. */
export function codeOf(text: string): string | null {
  const code = text.trim().toUpperCase();
  return CODE.test(code) ? code : null;
}

/** A code that nobody can guess: 50 random bits behind the prefix. */
export function randomCode(prefix: string): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]!);
  return prefix.toUpperCase() + random.join('');
}
