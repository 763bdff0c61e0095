import { performance } from 'node:perf_hooks';
import { PasswordHasher } from '../../src/modules/auth/index.js';
import { PASSWORD } from '../support/customers.js';
import { SEED } from '../support/rounds.js';
import { type Answer, Shop } from '../support/shop.js';

const FULL = process.env.EMPORIUM_TEST_FULL === '1';
/** Of each kind; 500 in the long run. */
const SAMPLES = FULL ? 500 : 60;
/** One password that was not looked at makes a difference of 15 ms and more. */
const TOLERANCE_MS = FULL ? 5 : 8;
const WARM_UP = 10;

type Kind = 'known' | 'unknown';
interface Sample {
  kind: Kind;
  ms: number;
  answer: Answer;
}

const TIMEOUT_MS = FULL ? 300_000 : 60_000;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/**
 * How likely such an order of the times is when both kinds take the same time (Mann and Whitney, two-sided, by the normal
 * distribution): what else the machine does makes times longer, but of both kinds alike.
 */
function likelihoodOf(a: readonly number[], b: readonly number[]): number {
  let u = 0;
  for (const x of a) for (const y of b) u += x < y ? 1 : x === y ? 0.5 : 0;
  const [n, m] = [a.length, b.length];
  const z = Math.abs(u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
  // Abramowitz and Stegun 26.2.17.
  const t = 1 / (1 + 0.2316419 * z);
  const tail = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
    .map((factor, power) => factor * t ** (power + 1))
    .reduce((sum, term) => sum + term, 0);
  return (2 * tail * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Whether the two kinds can be told apart: far from each other, and not by chance. */
function tellApart(samples: Sample[]): { gap: number; likelihood: number; isTold: boolean } {
  const [known, unknown] = (['known', 'unknown'] as const).map((kind) =>
    samples.filter((sample) => sample.kind === kind).map(({ ms }) => ms),
  ) as [number[], number[]];
  const gap = Math.abs(median(known) - median(unknown));
  const likelihood = likelihoodOf(known, unknown);
  return { gap, likelihood, isTold: gap >= TOLERANCE_MS && likelihood < 0.01 };
}

/** All that somebody can tell answers apart by. */
const looksOf = ({ status, headers, body }: Answer) => {
  const { requestId: _other, ...rest } = typeof body === 'object' ? body : { body };
  const names = [...headers.keys()].filter(
    (name) => !/^(date|x-request-id|ratelimit-|connection|keep-alive)/.test(name),
  );
  return JSON.stringify({ status, names: names.sort(), length: headers.get('content-length'), rest });
};

function expectAlike(samples: Sample[], status: number): void {
  expect([...new Set(samples.map(({ answer }) => answer.status))]).toEqual([status]);
  expect(new Set(samples.map(({ answer }) => looksOf(answer))).size).toBe(1);
  const seen = tellApart(samples);
  expect(seen).toMatchObject({ isTold: false });
  // With few samples on a busy machine chance makes such gaps; with many there is none.
  if (FULL) expect(seen.gap).toBeLessThan(TOLERANCE_MS);
}

let shop: Shop;
beforeAll(async () => {
  // Mails are written by another process than the one that answers, so that only answers are measured here.
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '1000000', JOBS: '0' } });
  const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(PASSWORD);
  await shop.db.query(
    `INSERT INTO customers (id, email, password_hash) SELECT gen_random_uuid(), 'known' || n || '@example.com', $1
     FROM generate_series(1, $2::int) n`,
    [hash, WARM_UP + SAMPLES],
  );
}, 60_000);
afterAll(async () => {
  await shop?.stop();
});

/** Asks for known and unknown addresses in turn, each once, which of them first being left to chance. */
async function measure(ask: (email: string) => Promise<Answer>): Promise<Sample[]> {
  const samples: Sample[] = [];
  let state = SEED;
  const coin = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) > 2 ** 31;
  for (let n = 1; n <= WARM_UP + SAMPLES; n += 1) {
    const kinds: Kind[] = coin() ? ['known', 'unknown'] : ['unknown', 'known'];
    for (const kind of kinds) {
      const email = kind === 'known' ? `known${n}@example.com` : `other${n}@example.com`;
      const from = performance.now();
      const answer = await ask(email);
      if (n > WARM_UP) samples.push({ kind, ms: performance.now() - from, answer });
    }
  }
  return samples;
}

describe('who has ordered something', () => {
  it(
    `cannot be told from a lost order that is looked for, neither by the answer nor by its time (${SAMPLES} of each, seed ${SEED})`,
    async () => {
      const variantId = await shop.product({ stock: null });
      const numbers: string[] = [];
      while (numbers.length < WARM_UP + SAMPLES) {
        const placed = await shop.checkout(await shop.cart([{ variantId, quantity: 1 }]), { paymentMethod: 'manual' });
        numbers.push(placed.body.order.number);
      }
      await shop.db.query(
        `UPDATE orders SET email = 'known' || n || '@example.com' FROM unnest($1::bigint[]) WITH ORDINALITY w (wanted, n)
         WHERE number = wanted`,
        [numbers],
      );
      const numberOf = (email: string) => numbers[Number(/\d+/.exec(email)![0]) - 1];
      const samples = await measure((email) =>
        shop.call('POST', '/v1/orders/lookup', { body: { number: numberOf(email), email } }),
      );
      expectAlike(samples, 202);
    },
    TIMEOUT_MS,
  );
});

describe('who has an account', () => {
  it.each<[string, string, (email: string) => object, number]>([
    ['a sign-in', 'login', (email) => ({ email, password: 'not the password at all' }), 401],
    ['a forgotten password', 'forgot-password', (email) => ({ email }), 202],
    ['a registration', 'register', (email) => ({ email, password: PASSWORD }), 202],
  ])(
    `cannot be told from %s, neither by the answer nor by its time (${SAMPLES} of each, seed ${SEED})`,
    async (_what, path, bodyOf, status) => {
      const samples = await measure((email) => shop.call('POST', `/v1/auth/${path}`, { body: bodyOf(email) }));
      expectAlike(samples, status);
    },
    TIMEOUT_MS,
  );

  it(
    'would be told by the time, if one password were not looked at: the measure is sharp enough',
    async () => {
      const hasher = shop.app.get(PasswordHasher, { strict: false });
      const verify = hasher.verify.bind(hasher);
      // What a careless sign-in does: no account, no work.
      hasher.verify = (stored, password) => (stored === null ? Promise.resolve(false) : verify(stored, password));
      try {
        const body = { password: 'not the password at all' };
        const samples = await measure((email) => shop.call('POST', '/v1/auth/login', { body: { email, ...body } }));
        expect(tellApart(samples)).toMatchObject({ isTold: true });
      } finally {
        hasher.verify = verify;
      }
    },
    TIMEOUT_MS,
  );
});
