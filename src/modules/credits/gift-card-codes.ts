import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';

/** Without letters that are taken for digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 16;

/**
 * Codes of gift cards, derived from the id of the card and a key of the shop: a mail that is written again carries the same
 * code, and neither the database nor a job ever holds it. A code has 80 bits, so nobody guesses one.
 */
@Injectable()
export class GiftCardCodes {
  private readonly key: Buffer;

  constructor(@Inject(APP_CONFIG) config: Config) {
    this.key = Buffer.from(hkdfSync('sha256', config.encryptionKey, '', 'emporium gift cards', 32));
  }

  /** The code of a card as it is printed: `ABCD-EFGH-JKMN-PQRS`. */
  codeOf(cardId: string): string {
    const bytes = createHmac('sha256', this.key).update(cardId).digest();
    const code = Array.from({ length: LENGTH }, (_, i) => ALPHABET[bytes[i]! & 31]).join('');
    return code.match(/.{4}/g)!.join('-');
  }

  /** What is kept of the code of a card. */
  keptOf(cardId: string): { hash: Buffer; last4: string } {
    return GiftCardCodes.kept(this.codeOf(cardId));
  }

  /** What is kept of a code. @throws RangeError for what cannot be one */
  static kept(code: string): { hash: Buffer; last4: string } {
    const letters = lettersOf(code);
    if (letters === null) throw new RangeError('not the code of a gift card');
    return { hash: hashOf(letters), last4: letters.slice(-4) };
  }

  /** The hash of a code as somebody typed it; null for what cannot be one. */
  static hash(typed: string): Buffer | null {
    const letters = lettersOf(typed);
    return letters === null ? null : hashOf(letters);
  }
}

const hashOf = (letters: string): Buffer => createHash('sha256').update(letters).digest();

function lettersOf(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return code.length === LENGTH && [...code].every((letter) => ALPHABET.includes(letter)) ? code : null;
}
