/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Whoever puts it between quotes has another statement. */
export const SQL_IN_A_LITERAL = "' || pg_sleep(9) || '";
export const ODD_TEXTS = [
  '', ' ', '0', '-1', '1.5', 'null', 'true', '\u202Eevil', '😀'.repeat(40), 'a'.repeat(300), "'; SELECT pg_sleep(9); --", '%', '_',
  SQL_IN_A_LITERAL, '(SELECT pg_sleep(9))', '1) OR (1=1', '\\',
  '../../etc/passwd', '<script>', 'cart_00000000000000000000000000', 'ord_7zzzzzzzzzzzzzzzzzzzzzzzzz', 'toString', '__proto__',
  '9007199254740993', '1e400', '99999999999999999999', '2026-13-45', '0000-01-01T00:00:00Z', '9999-12-31T23:59:60Z',
]; // prettier-ignore
const ODD_VALUES: unknown[] = [
  ...ODD_TEXTS, null, true, 0, -1, 1.5, 2_147_483_648, 9_007_199_254_740_992, 1e308, [], [[]], [null], {}, { a: 1 }, ['a', 1, {}],
  'nul \0 byte', '\uD800', { hasOwnProperty: 1 },
]; // prettier-ignore
export const ODD_CURSORS = [
  'x',
  'e30',
  Buffer.from('{"k":"orders","d":"a","v":["0000-01-01T00:00:00Z","x"]}').toString('base64url'),
];
export const ODD_HEADERS: Record<string, string>[] = [
  { 'If-Match': '*' }, { 'If-Match': '"0"' }, { 'If-Match': '"99999999999"' }, { 'If-Match': 'x' }, { 'If-Match': 'W/"1", "2"' },
  { 'If-None-Match': '*' }, { 'X-Currency': 'XXX' }, { 'X-Currency': 'JPY' }, { 'X-Currency': 'usd' }, { 'X-Country': 'ZZ' },
  { 'Accept-Language': '*;q=0' }, { 'Content-Type': 'text/plain' }, { 'Content-Type': 'application/x-www-form-urlencoded' },
  { 'Idempotency-Key': '"' }, { 'Idempotency-Key': 'k'.repeat(256) }, { 'Accept-Encoding': 'br;q=2, gzip' }, { Authorization: 'Bearer a.b.c' },
  { Authorization: 'Basic Og==' }, { 'X-Cart-Token': 'a'.repeat(1000) }, { 'X-Request-Id': '\u00ff'.repeat(5) }, { Accept: 'image/png' },
]; // prettier-ignore

/** What nobody sets from outside, wherever it is put. */
export const NOT_TO_BE_SET = {
  id: 'cus_00000000000000000000000000', role: 'owner', customerId: 'cus_00000000000000000000000000', status: 'confirmed', price: 1,
  unitPrice: 1, total: 1, isAdmin: true, createdAt: '2026-01-01T00:00:00Z', deletedAt: null, stripeCustomerId: 'cus_1', version: 99,
}; // prettier-ignore

/** The same value with one thing in it made odd. */
export function damage(value: unknown, random: () => number): unknown {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  if (Array.isArray(value) && value.length > 0 && random() < 0.7)
    return [damage(value[0], random), ...(value.slice(1) as unknown[])];
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0 && random() < 0.8) {
    const name = pick(Object.keys(value));
    if (random() < 0.15) return { ...value, [pick(['unknownField', 'toString', 'hasOwnProperty', 'id', 'status'])]: 1 };
    return { ...value, [name]: damage((value as Record<string, unknown>)[name], random) };
  }
  return pick(ODD_VALUES);
}
