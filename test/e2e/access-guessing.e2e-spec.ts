import { availableParallelism } from 'node:os';
import { RateLimited } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { LoginFailures, LoginThrottle, PasswordHasher } from '../../src/modules/auth/index.js';
import { waitAfter } from '../../src/modules/auth/login-throttle.js';
import { Reaper } from '../../src/modules/operations/reap.job.js';
import { linkTo, PASSWORD, signUp } from '../support/customers.js';
import { race } from '../support/rounds.js';
import { Shop } from '../support/shop.js';

const MANY = 1_000;
/** A crowd is as quick as the machine: what it may do is counted by the time that it took. */
const PATIENCE_MS = 240_000;
const HOME = '203.0.113.7';
const IN_A_ROW = 50;
/** More than may be looked at before one has to wait. */
const RESTART_AFTER = 9;

let shop: Shop;
beforeAll(async () => {
  shop = await Shop.start({ env: { RATE_LIMIT_LOGINS_PER_MIN: '10', TRUST_PROXY: 'loopback' } });
  const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(PASSWORD);
  await shop.db.query(
    `INSERT INTO customers (id, email, password_hash) SELECT gen_random_uuid(), 'buyer' || n || '@example.com', $1
     FROM generate_series(0, $2::int + 9) n`,
    [hash, MANY],
  );
}, PATIENCE_MS);
afterAll(async () => {
  await shop?.stop();
});

const times = (n: number) => Array.from({ length: n }, (_, i) => i);
const networks = (block: string) => (n: number) => `${block}.${n % 200}`;
const login = (email: string, password: string, from: string) =>
  shop.call('POST', '/v1/auth/login', { body: { email, password }, headers: { 'X-Forwarded-For': from } });
const statusOf = async (email: string, password: string, from: string) => (await login(email, password, from)).status;
const countsOf = async (email: string) => {
  const [row] = await shop.db.query<{ strangers: number; known: number }>(
    `SELECT strangers, known FROM login_failures WHERE account = sha256($1)`,
    [Buffer.from(email)],
  );
  return row ?? null;
};

/** All of them, so many at the same time. */
async function crowd<T>(n: number, width: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(
    times(width).map(async () => {
      while (next < n) {
        const i = next;
        next += 1;
        results[i] = await work(i);
      }
    }),
  );
  return results;
}
/** How long it took at most until now, however busy the machine is, in seconds. */
const stopwatch = () => {
  const began = performance.now();
  return () => (performance.now() - began) / 1_000;
};
/** How many of one network are looked at in so many seconds: ten in each minute. */
const inMinutes = (seconds: number) => 10 * (1 + Math.floor(seconds / 60));
/** How many more of one account are looked at in so many seconds after the tenth: each after a longer wait. */
const inTurns = (seconds: number) => {
  let turns = 0;
  for (let at = waitAfter(10); at <= seconds; at += waitAfter(10 + turns)) turns += 1;
  return turns;
};
const count = (statuses: number[], status: number) => statuses.filter((one) => one === status).length;

describe('a thousand wrong passwords', () => {
  it(
    'for one account from one network: ten are looked at, and its owner comes in meanwhile',
    async () => {
      expect(await statusOf('buyer1@example.com', PASSWORD, HOME)).toBe(200);
      const seconds = stopwatch();
      const statuses = await crowd(MANY, 20, (i) => statusOf('buyer1@example.com', `wrong password ${i}`, '192.0.2.1'));
      const looked = count(statuses, 401);
      expect(looked).toBeGreaterThanOrEqual(10);
      expect(looked).toBeLessThanOrEqual(inMinutes(seconds()));
      expect(count(statuses, 429)).toBe(MANY - looked);
      expect(await countsOf('buyer1@example.com')).toEqual({ strangers: looked, known: 0 });
      expect(await statusOf('buyer1@example.com', PASSWORD, HOME)).toBe(200);
    },
    PATIENCE_MS,
  );

  it(
    'for one account from two hundred networks: ten are looked at, then one now and then',
    async () => {
      expect(await statusOf('buyer2@example.com', PASSWORD, HOME)).toBe(200);
      const from = networks('198.51.100');
      const guess = (i: number) => statusOf('buyer2@example.com', `wrong password ${i}`, from(i));
      const first: number[] = [];
      for (const i of times(9)) first.push(await guess(i));
      const seconds = stopwatch();
      for (const i of [9, 10]) first.push(await guess(i));
      expect(first.slice(0, 10)).toEqual(times(10).map(() => 401));
      expect(count(first, 401)).toBeLessThanOrEqual(10 + inTurns(seconds()));
      const statuses = [...first, ...(await crowd(MANY - 11, 20, (i) => guess(i + 11)))];
      const looked = count(statuses, 401);
      expect(looked).toBeLessThanOrEqual(10 + inTurns(seconds()));
      expect(count(statuses, 429)).toBe(MANY - looked);
      expect(await countsOf('buyer2@example.com')).toEqual({ strangers: looked, known: 0 });

      // A stranger waits for the next turn with the right password, too, as long as one with a wrong one is told to.
      let waits = 0;
      let since = stopwatch();
      for (let i = 0; waits < 3; i += 1) {
        since = stopwatch();
        const wrong = await login('buyer2@example.com', 'wrong', `192.0.3.${i % 200}`);
        waits = Number(wrong.headers.get('retry-after') ?? 0);
      }
      const stranger = await login('buyer2@example.com', PASSWORD, '192.0.2.77');
      // It is rounded up to whole seconds.
      if (since() < waits - 1)
        expect([stranger.status, Number(stranger.headers.get('retry-after')) > 0]).toEqual([429, true]);
      expect(await statusOf('buyer2@example.com', PASSWORD, HOME)).toBe(200);
    },
    PATIENCE_MS,
  );

  it(
    'one for each of a thousand accounts, from one network: ten are looked at, and nobody is kept out',
    async () => {
      const seconds = stopwatch();
      const statuses = await crowd(MANY, 20, (i) =>
        statusOf(`buyer${i + 10}@example.com`, 'one for them all', '192.0.2.3'),
      );
      const looked = count(statuses, 401);
      expect(looked).toBeGreaterThanOrEqual(10);
      expect(looked).toBeLessThanOrEqual(inMinutes(seconds()));
      expect(count(statuses, 429)).toBe(MANY - looked);
      expect(await statusOf('buyer15@example.com', PASSWORD, '192.0.2.78')).toBe(200);
    },
    PATIENCE_MS,
  );

  it(
    'one for each of a thousand accounts, from two hundred networks at once: few cores hash, the rest is sent away',
    async () => {
      await shop.db.query(`DELETE FROM login_failures`);
      const hasher = shop.app.get(PasswordHasher, { strict: false });
      const inTurn = hasher['inTurn'].bind(hasher);
      let [running, most] = [0, 0];
      hasher['inTurn'] = (work) =>
        inTurn(async () => {
          running += 1;
          most = Math.max(most, running);
          try {
            return await work();
          } finally {
            running -= 1;
          }
        });
      const from = networks('198.18.0');
      const statuses = await crowd(MANY, availableParallelism() + 60, (i) =>
        statusOf(`buyer${i + 10}@example.com`, 'one for them all', from(i)),
      );
      Reflect.deleteProperty(hasher, 'inTurn');
      expect(most).toBe(Math.max(1, availableParallelism() - 1));
      expect(count(statuses, 401) + count(statuses, 429)).toBe(MANY);
      expect(count(statuses, 429)).toBeGreaterThan(0);
      const [counted] = await shop.db.query(
        `SELECT count(*) FILTER (WHERE strangers = 1)::int AS once, max(strangers)::int AS most FROM login_failures`,
      );
      expect(counted).toEqual({ once: count(statuses, 401), most: 1 });
      for (const i of [7, 77, 777])
        expect(await statusOf(`buyer${i}@example.com`, PASSWORD, `192.0.2.${i % 100}`)).toBe(200);
    },
    PATIENCE_MS,
  );
});

describe('wrong passwords in a row', () => {
  const refusal = (tried: Promise<unknown>) =>
    tried.then(
      () => null,
      (error: unknown) => (RateLimited.is(error) ? error.details.detail : error),
    );
  // Some of them were tried by the crowds above.
  beforeEach(() => shop.db.query(`DELETE FROM login_failures`));
  const throttles: LoginThrottle[] = [];
  afterEach(() => throttles.splice(0).forEach((throttle) => throttle.onModuleDestroy()));
  /** What a process knows that was just started. */
  const restarted = () => {
    const config = {
      ...shop.config,
      redisUrl: null,
      rateLimits: { ...shop.config.rateLimits, loginsPerMin: 1_000_000 },
    };
    const throttle = new LoginThrottle(config, shop.app.get(LoginFailures, { strict: false }));
    throttles.push(throttle);
    return throttle;
  };
  const home = async (email: string) => (await restarted().admit(email, HOME)).succeeded();
  /** So many, each from another network or all from one, by processes that forget. */
  const guess = async (n: number, email: string, from?: string) => {
    let throttle = restarted();
    for (const i of times(n)) {
      if (i % RESTART_AFTER === 0) throttle = restarted();
      await throttle.admit(email, from ?? `198.51.${i % 250}.9`);
    }
  };

  it.each(['buyer100@example.com', 'nobody@example.com'])(
    'are fifty from strangers at most, whatever is restarted meanwhile (%s)',
    async (email) => {
      await guess(IN_A_ROW, email);
      expect(await refusal(restarted().admit(email, '198.51.100.1'))).toMatch(/from where you usually do/);
      // What is refused anyway writes nothing.
      const row = () =>
        shop.db.query(`SELECT xmin, xmax, f.* FROM login_failures f WHERE account = sha256($1)`, [Buffer.from(email)]);
      const before = await row();
      expect(before).toHaveLength(1);
      for (const _ of times(20)) await refusal(restarted().admit(email, '198.51.100.1'));
      expect(await row()).toEqual(before);
      expect(await refusal(restarted().admit('buyer101@example.com', HOME))).toBeNull();
    },
  );

  it('are a hundred at most with those from where the owner is: then a mail lets them in again', async () => {
    const email = 'buyer110@example.com';
    await home(email);
    await (await restarted().admit(email, '203.0.114.7')).succeeded();
    await guess(IN_A_ROW, email);
    await guess(IN_A_ROW - 10, email, HOME);
    await guess(10, email, '203.0.114.7');
    expect(await countsOf(email)).toEqual({ strangers: IN_A_ROW, known: IN_A_ROW });
    for (const from of [HOME, '203.0.114.7'])
      expect(await refusal(restarted().admit(email, from))).toMatch(/also from where it is usually used/);
    expect(await refusal(restarted().admit(email, HOME, false))).toBeNull();
    await restarted().ownerCame(email, '203.0.115.1');
    expect(await refusal(restarted().admit(email, '203.0.115.1'))).toBeNull();
    await expect(
      shop.db.query(`INSERT INTO login_failures (account, strangers) VALUES (sha256('x'), ${IN_A_ROW + 1})`),
    ).rejects.toThrow(/login_failures_hundred_at_most/);
  });

  it('of strangers do not keep the owner out from where they were signed in, also after a restart', async () => {
    const email = 'buyer120@example.com';
    await home(email);
    await guess(IN_A_ROW, email);
    expect(await refusal(restarted().admit(email, '198.51.100.1'))).toMatch(/from where you usually do/);
    await home(email);
    expect(await countsOf(email)).toBeNull();
    expect(await refusal(restarted().admit(email, '198.51.100.1'))).toBeNull();
  });

  it('are not counted for what was not looked at', async () => {
    const email = 'buyer130@example.com';
    for (const i of times(60)) await (await restarted().admit(email, `198.51.100.${i}`)).notTried();
    expect(await countsOf(email)).toEqual({ strangers: 0, known: 0 });
  });

  race('are fifty at most also when they come at the same moment', async (round) => {
    const email = `race${round}@example.com`;
    await guess(IN_A_ROW - 5, email);
    const tried = await Promise.all(times(40).map((i) => refusal(restarted().admit(email, `198.51.100.${i}`))));
    expect(tried.filter((detail) => detail === null)).toHaveLength(5);
    expect(await countsOf(email)).toEqual({ strangers: IN_A_ROW, known: 0 });
  });

  const reap = () => shop.app.get(Reaper, { strict: false }).handle({ progress: async () => undefined } as never);
  /** As if everything had happened so many days before. */
  const later = (days: number) =>
    shop.db.query(`UPDATE login_failures SET failed_at = failed_at - make_interval(days => $1)`, [days]);

  it('are never forgotten for their age, whether somebody has the address or not: who comes back cannot tell', async () => {
    const emails = ['buyer140@example.com', 'nobody140@example.com'];
    for (const email of emails) await guess(IN_A_ROW, email);
    for (const email of ['buyer141@example.com', 'nobody141@example.com']) await guess(3, email);
    await (await restarted().admit('nobody142@example.com', HOME)).notTried();
    let network = 0;
    for (const days of [21, 400]) {
      await later(days);
      await reap();
      const answers = [];
      for (const email of emails) {
        const { status, body, headers } = await login(email, PASSWORD, `192.0.3.${(network += 1)}`);
        // All but what the clock and the request itself say; a minute of the limits may end between the two.
        const told = [...headers].filter(
          ([name]) => !/^(date|x-request-id|ratelimit-reset|ratelimit-remaining)$/.test(name),
        );
        answers.push({ status, body: { ...body, requestId: null }, told });
      }
      expect(answers[0]!.status).toBe(429);
      expect(answers[1]).toEqual(answers[0]);
      for (const email of ['buyer141@example.com', 'nobody141@example.com'])
        expect(await countsOf(email)).toEqual({ strangers: 3, known: 0 });
    }
    expect(await countsOf('nobody142@example.com')).toBeNull();
    // The count that was there before the account was ends when its owner comes.
    const owner = await signUp(shop, 'nobody141@example.com');
    expect(await countsOf(owner.email)).toBeNull();
  });

  it('are counted by processes of the release before, too, beside those of this one', async () => {
    const before = (email: string, isAccount: boolean) =>
      shop.db.query(
        `INSERT INTO login_failures AS f (account, strangers, is_account) VALUES (sha256($1), 1, $2)
         ON CONFLICT (account) DO UPDATE SET strangers = f.strangers + 1, is_account = excluded.is_account, failed_at = now()`,
        [Buffer.from(email), isAccount],
      );
    await before('nobody150@example.com', false);
    await guess(1, 'nobody150@example.com');
    await guess(1, 'nobody151@example.com');
    await before('buyer150@example.com', true);
    await later(21);
    await reap();
    expect(await countsOf('nobody150@example.com')).toEqual({ strangers: 2, known: 0 });
    expect(await countsOf('nobody151@example.com')).toEqual({ strangers: 1, known: 0 });
    // What those delete: nothing that was counted here.
    const gone = await shop.db.query(`DELETE FROM login_failures WHERE NOT is_account RETURNING account`);
    expect(gone).toHaveLength(1);
    expect(await countsOf('nobody151@example.com')).toEqual({ strangers: 1, known: 0 });
  });

  it('go where nothing is counted, by an index; so do places of long ago', async () => {
    await (await restarted().admit('nobody160@example.com', HOME)).notTried();
    await home('buyer110@example.com');
    await shop.db.query(
      `UPDATE login_places SET known_until = now() - interval '1 s' WHERE account = sha256('buyer110@example.com')`,
    );
    await reap();
    expect(await countsOf('nobody160@example.com')).toEqual({ strangers: 0, known: 0 });
    await later(2);
    await reap();
    expect(await countsOf('nobody160@example.com')).toBeNull();
    expect(await shop.db.query(`SELECT FROM login_places WHERE account = sha256('buyer110@example.com')`)).toEqual([]);
    const indexes = await shop.db.query(`SELECT indexname FROM pg_indexes WHERE tablename = 'login_failures'`);
    expect(indexes.map(({ indexname }) => indexname).sort()).toEqual([
      'login_failures_nothing_counted',
      'login_failures_pkey',
    ]);
  });

  it('end with an invitation that is taken: what strangers guessed before keeps nobody from their first day', async () => {
    const email = 'robin@example.com';
    await guess(IN_A_ROW, email);
    const invitation = { email, name: 'Robin', role: 'support' };
    const bearer = await shop.staff('owner');
    await shop.call('POST', '/v1/admin/users/invitations', { bearer, body: invitation });
    const body = { token: await linkTo(shop, email), password: PASSWORD };
    expect((await shop.call('POST', '/v1/auth/accept-invitation', { body })).status).toBe(204);
    expect(await countsOf(email)).toBeNull();
    expect(await statusOf(email, PASSWORD, HOME)).toBe(200);
  });

  it('end with an account of staff that is opened: what strangers guessed before keeps nobody from their first day', async () => {
    const email = 'sam@example.com';
    await guess(IN_A_ROW, email);
    const made = await shop.call('POST', '/v1/admin/users', {
      bearer: await shop.staff('owner'),
      body: { email, name: 'Sam', role: 'support', password: PASSWORD },
    });
    expect(made.status).toBe(201);
    expect(await countsOf(email)).toBeNull();
    expect(await statusOf(email, PASSWORD, '198.51.100.1')).toBe(200);
  });

  it('and places that are known stay with an address that another account has: staff and customers may have the same', async () => {
    const placesOf = async (email: string) =>
      (await shop.db.query(`SELECT FROM login_places WHERE account = sha256($1)`, [Buffer.from(email)])).length;
    const openStaff = async (email: string) => {
      const body = { email, name: 'Alex', role: 'support', password: PASSWORD };
      const headers = { 'X-Forwarded-For': '203.0.118.1' };
      expect(
        (await shop.call('POST', '/v1/admin/users', { bearer: await shop.staff('owner'), headers, body })).status,
      ).toBe(201);
    };
    // An account of staff that is opened takes nothing from the customer but what was guessed.
    await home('buyer170@example.com');
    await guess(3, 'buyer170@example.com');
    await openStaff('buyer170@example.com');
    expect([await placesOf('buyer170@example.com'), await countsOf('buyer170@example.com')]).toEqual([1, null]);

    // Nor does a customer who moves away or is deleted take anything from staff.
    const headers = { 'X-Forwarded-For': '203.0.118.2' };
    const [mover, leaver] = ['buyer171@example.com', 'buyer172@example.com'];
    const { body: mine } = await login(mover, PASSWORD, '203.0.118.2');
    const body = { email: 'moved171@example.com', password: PASSWORD };
    expect((await shop.call('POST', '/v1/me/email', { bearer: mine.accessToken, headers, body })).status).toBe(202);
    const token = await linkTo(shop, body.email);
    for (const email of [mover, leaver]) {
      await openStaff(email);
      await home(email);
      await guess(4, email);
    }
    const before = [await placesOf(mover), await placesOf(leaver)];
    const moved = await shop.call('POST', '/v1/auth/verify-email', { headers, body: { token, password: PASSWORD } });
    expect(moved.status).toBe(200);
    const [{ id }] = (await shop.db.query<{ id: string }>(`SELECT id FROM customers WHERE email = $1`, [leaver])) as [
      { id: string },
    ];
    const bearer = await shop.staff('owner');
    const path = `/v1/admin/customers/${encodeId('customer', id)}`;
    const etag = (await shop.call('GET', path, { bearer })).headers.get('etag')!;
    expect((await shop.call('DELETE', path, { bearer, headers: { 'If-Match': etag } })).status).toBe(204);
    expect([await placesOf(mover), await placesOf(leaver)]).toEqual(before);
    for (const email of [mover, leaver]) expect(await countsOf(email)).toEqual({ strangers: 4, known: 0 });
    expect(before).toEqual([2, 1]);
  });

  it('are forgotten with an address, also those that are counted while it is given up', async () => {
    const email = 'former@example.com';
    await guess(1, email);
    await shop.db.transaction(async (tx) => {
      shop.app.get(LoginFailures, { strict: false }).forget(tx, email);
      await guess(2, email);
    });
    expect(await countsOf(email)).toBeNull();
  });

  it('at an address that nobody has keep no customer from moving there: those with the link count where they come from', async () => {
    const [email, headers] = ['moved@example.com', { 'X-Forwarded-For': '203.0.116.7' }];
    const { bearer, email: before } = await signUp(shop, 'mover@example.com');
    await guess(IN_A_ROW, email);
    const asked = await shop.call('POST', '/v1/me/email', { bearer, headers, body: { email, password: PASSWORD } });
    expect(asked.status).toBe(202);
    const token = await linkTo(shop, email);
    const open = async (password: string, from: string) =>
      (
        await shop.call('POST', '/v1/auth/verify-email', {
          body: { token, password },
          headers: { 'X-Forwarded-For': from },
        })
      ).status;
    expect([await open('wrong', '198.51.101.1'), await open('wrong', '203.0.116.7')]).toEqual([401, 401]);
    expect([await countsOf(before), await countsOf(email)]).toEqual([
      { strangers: 1, known: 1 },
      { strangers: IN_A_ROW, known: 0 },
    ]);
    expect(await open(PASSWORD, '198.51.101.2')).toBe(200);
    expect([await countsOf(before), await countsOf(email)]).toEqual([null, null]);
    expect(await shop.db.query(`SELECT FROM login_places WHERE account = sha256('mover@example.com')`)).toEqual([]);
    expect(await statusOf(email, PASSWORD, '198.51.101.3')).toBe(200);
  });

  it('are those of one account, however its letters are written', async () => {
    await guess(2, 'νικοσ@example.com');
    await guess(2, 'ΝΙΚΟΣ@example.com');
    expect(await countsOf('νικοσ@example.com')).toEqual({ strangers: 4, known: 0 });
  });

  it('go with the account that is deleted', async () => {
    const eve = await signUp(shop, 'eve@example.com');
    await guess(2, eve.email);
    const gone = await shop.call('DELETE', '/v1/me', {
      bearer: eve.bearer,
      body: { password: PASSWORD },
      headers: { 'If-Match': (await shop.call('GET', '/v1/me', { bearer: eve.bearer })).headers.get('etag')! },
    });
    expect(gone.status).toBe(204);
    expect(await countsOf(eve.email)).toBeNull();
    expect(await shop.db.query(`SELECT FROM login_places WHERE account = sha256('eve@example.com')`)).toEqual([]);
  });
});
