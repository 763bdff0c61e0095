import { randomFillSync } from 'node:crypto';

/**
 * Public ids: `<prefix>_<26 characters>`, a UUIDv7 in Crockford base32 as in the TypeID specification 0.3
 * (https://github.com/jetify-com/typeid). They sort by creation time, name their kind, and are stored as native `uuid`.
 */
export const ID_PREFIXES = {
  product: 'prod',
  variant: 'var',
  category: 'cat',
  collection: 'coll',
  attribute: 'attr',
  synonymGroup: 'syn',
  review: 'rev',
  stockAlert: 'alert',
  image: 'img',
  location: 'loc',
  movement: 'mov',
  cart: 'cart',
  line: 'line',
  order: 'ord',
  payment: 'pay',
  refund: 'ref',
  capture: 'cap',
  dispute: 'dsp',
  reconciliation: 'rec',
  ledgerEntry: 'led',
  ledgerTransaction: 'ltx',
  fulfillment: 'ful',
  return: 'ret',
  customer: 'cus',
  customerGroup: 'cgrp',
  market: 'mkt',
  taxClass: 'tcls',
  priceList: 'plist',
  address: 'addr',
  promotion: 'promo',
  promotionCode: 'code',
  shippingMethod: 'ship',
  shippingZone: 'zone',
  shippingProfile: 'sprof',
  taxRate: 'tax',
  event: 'evt',
  webhook: 'whk',
  apiKey: 'key',
  publishableKey: 'pkey',
  user: 'usr',
  twoFactor: 'tfa',
  identity: 'idn',
  role: 'role',
  session: 'ses',
  job: 'job',
  import: 'imp',
  giftCard: 'gift',
  storeCredit: 'scr',
  creditTransaction: 'ctx',
  export: 'exp',
  file: 'file',
  download: 'dl',
} as const;

/** The kinds of things that have public ids. */
export type IdPrefix = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const DASH = 45;
const DECODE = new Int8Array(128).fill(-1);
for (let i = 0; i < 32; i += 1) DECODE[ALPHABET.charCodeAt(i)] = i;

const pool = Buffer.allocUnsafe(4096);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A new UUIDv7 (RFC 9562, method 1: 12 bit counter in rand_a), so ids made in one process sort in the order they were made.
 */
export function newUuid(): string {
  if (used + 10 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let now = Date.now();
  if (now > lastMs) {
    sequence = (pool[used]! << 3) & 0x7ff;
  } else {
    now = lastMs;
    sequence += 1;
    if (sequence > 0xfff) {
      now += 1;
      sequence = 0;
    }
  }
  lastMs = now;
  const time = now.toString(16).padStart(12, '0');
  const tail = ((pool[used + 2]! & 0x3f) | 0x80).toString(16) + pool.toString('hex', used + 3, used + 10);
  used += 10;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** The value of a hexadecimal digit, by its character code. */
const HEX = new Uint8Array(128);
for (let i = 0; i < 16; i += 1) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}
const PREFIXED = new Map(Object.entries(ID_PREFIXES).map(([kind, prefix]) => [kind, `${prefix}_`]));

/** `0190…` uuid → `ord_01…`. */
export function encodeId(kind: IdPrefix, uuid: string): string {
  let out = PREFIXED.get(kind)!;
  // 130 bits: two leading zero bits, then the 128 bits of the uuid, five at a time.
  let bits = 2;
  let value = 0;
  for (let i = 0; i < uuid.length; i += 1) {
    const code = uuid.charCodeAt(i);
    if (code === DASH) continue;
    value = (value << 4) | HEX[code]!;
    bits += 4;
    if (bits >= 5) {
      bits -= 5;
      out += ALPHABET[(value >> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return out;
}

/** `ord_01…` → uuid, or null when the text is not an id of that kind. */
export function decodeId(kind: IdPrefix, id: unknown): string | null {
  const prefix = ID_PREFIXES[kind];
  if (typeof id !== 'string' || id.length !== prefix.length + 27 || !id.startsWith(prefix)) return null;
  if (id.charCodeAt(prefix.length) !== 95) return null;
  let hex = '';
  let bits = -2;
  let value = 0;
  for (let i = prefix.length + 1; i < id.length; i += 1) {
    const code = id.charCodeAt(i);
    const digit = code < 128 ? DECODE[code]! : -1;
    if (digit < 0) return null;
    if (bits === -2) {
      if (digit > 7) return null; // more than 128 bits
      value = digit;
      bits = 3;
      continue;
    }
    value = (value << 5) | digit;
    bits += 5;
    while (bits >= 4) {
      bits -= 4;
      hex += ((value >> bits) & 15).toString(16);
      value &= (1 << bits) - 1;
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether the text is a well-formed id of that kind. */
export function isId(kind: IdPrefix, id: unknown): id is string {
  return decodeId(kind, id) !== null;
}
