import { randomInt } from 'node:crypto';

/** How many there are at a time. */
export const RECOVERY_CODES = 10;

/** Without characters that are taken for others on paper. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 3;
const GROUP_LENGTH = 4;

/** A code to be written down: `abcd-efgh-jkmn`, 59 random bits. */
function newRecoveryCode(): string {
  const group = () => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]!).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** Codes to be shown once. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
}

/** A code as people type it: capitals, blanks and hyphens are the same to us. */
export function plainCode(typed: string): string {
  return typed.normalize('NFKC').toLowerCase().replace(/[\s-]/g, '');
}
