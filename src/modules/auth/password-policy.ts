import { COMMON_PASSWORD_PARTS } from './common-password-parts.js';
import { COMMON_PASSWORDS } from './common-passwords.js';

/** Fewest characters of a password of staff: it is the only factor. */
export const PASSWORD_MIN = 15;
/** Fewest characters of a password of a customer. */
export const CUSTOMER_PASSWORD_MIN = 8;
/** Most characters of a password. */
export const PASSWORD_MAX = 256;

const LEFT_OVER_MIN = 4;
const LEET: Record<string, string> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's' };
const PARTS = [...COMMON_PASSWORD_PARTS].sort((a, b) => b.length - a.length);

/** What is left of a password without the parts that everybody tries first. */
function withoutParts(text: string, parts: readonly string[]): string {
  return parts.reduce((rest, part) => rest.replaceAll(part, ''), text);
}

const withoutLeet = (text: string) => text.replace(/[013457@$]/g, (c) => LEET[c]!);

/** Whether it is one of the most used ones, in other letters or with up to two digits or signs after it. */
function isMostUsed(lower: string): boolean {
  const stems = [0, 1, 2].flatMap((n) =>
    /^[^a-z]*$/.test(lower.slice(lower.length - n)) ? lower.slice(0, lower.length - n) : [],
  );
  const spellings = stems.flatMap((stem) => [stem, stem.replace(/[^\p{L}\p{N}]/gu, '')]);
  return spellings.some((text) => COMMON_PASSWORDS.has(text) || COMMON_PASSWORDS.has(withoutLeet(text)));
}

function isGuessable(password: string, own: readonly string[]): boolean {
  const lower = password.normalize('NFKC').toLowerCase();
  if (isMostUsed(lower)) return true;
  if (new Set(lower).size < 5) return true;
  const parts = [...own.filter((part) => part.length >= 3), ...PARTS];
  return [lower, withoutLeet(lower)].some((text) => {
    const rest = withoutParts(text, parts).replace(/[^\p{L}\p{N}]/gu, '');
    return new Set(rest).size < LEFT_OVER_MIN;
  });
}

/**
 * What is wrong with a new password, or null. Length and not being guessable are all that counts: no rules of
 * composition, any Unicode. Guessable is what many others use, and what consists of common words and rows of keys, the e-mail
 * address or the name.
 */
export function passwordProblem(
  password: string,
  person: { email: string; name: string },
  min = PASSWORD_MIN,
): { code: string; detail: string } | null {
  const { length } = Array.from(password.normalize('NFKC'));
  if (length < min) return { code: 'too_short', detail: `must have at least ${min} characters` };
  if (password.length > PASSWORD_MAX)
    return { code: 'too_long', detail: `must have at most ${PASSWORD_MAX} characters` };
  const email = person.email.toLowerCase();
  const own = [email, ...email.split(/[@.+_-]/), ...person.name.toLowerCase().split(/\s+/)];
  return isGuessable(password, own)
    ? { code: 'too_common', detail: 'is one of those that are tried first; a few unrelated words are better' }
    : null;
}
