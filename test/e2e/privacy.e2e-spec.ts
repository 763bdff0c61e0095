import { newUuid } from '#libs/ids';
import { PasswordHasher } from '../../src/modules/auth/index.js';
import { linkTo } from '../support/customers.js';
import { freePort, Processes } from '../support/processes.js';
import { ADDRESS, Shop } from '../support/shop.js';
import { appCode } from '../support/two-factor.js';

const CANARY = {
  password: 'canary-password-7f3a9c',
  email: 'canary.person@secret.example',
  phone: '+1-555-0199-4242',
  street: '77 Canary Hidden Lane',
  name: 'Canarysurname',
  key: 'canary-idempotency-key-55',
  card: '4242424242424242',
  bearer: 'eyJhbGciOiJFUzI1NiJ9.eyJjYW5hcnkiOnRydWV9.c2lnbmF0dXJl',
};

describe('privacy', () => {
  let shop: Shop;
  let processes: Processes;
  let url: string;
  beforeAll(async () => {
    shop = await Shop.start({ env: { JOBS: '0' } });
    processes = new Processes();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    processes.start('src/main.js', {
      PORT: String(port),
      DATABASE_URL: shop.database.url,
      LOG_LEVEL: 'debug',
      RATE_LIMIT_LOGINS_PER_MIN: '1000',
      JOBS: '1',
      STRIPE_SECRET_KEY: 'sk_test_canarykey123',
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emporium',
      STRIPE_WEBHOOK_SECRET: 'whsec_canary_secret_1',
      STRIPE_API_BASE: shop.stripe.url,
    });
    await processes.alive(url);
  }, 60_000);
  afterAll(async () => {
    await processes?.stop();
    await shop?.stop();
  });

  it('no secret and no personal datum reaches a log, the outbox, a job or the body of an error', async () => {
    const errors: string[] = [];
    const send = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status >= 400) errors.push(text);
      return { status: response.status, body: text === '' ? null : (JSON.parse(text) as any) };
    };
    const variantId = await shop.product({ stock: 5 });
    const address = { ...ADDRESS, lastName: CANARY.name, line1: CANARY.street, phone: CANARY.phone };
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const token = { 'X-Cart-Token': cart.token };
    expect(
      (await send('PATCH', `/v1/carts/${cart.id}`, { email: CANARY.email, shippingAddress: address }, token)).status,
    ).toBe(200);
    const placed = await send(
      'POST',
      `/v1/carts/${cart.id}/checkout`,
      { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' },
      { ...token, 'Idempotency-Key': CANARY.key },
    );
    expect(placed).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
    await send('POST', '/v1/auth/login', { email: CANARY.email, password: CANARY.password });
    await send('POST', '/v1/carts', {
      email: `not-an-email ${CANARY.card}`,
      card: CANARY.card,
      password: CANARY.password,
    });
    await send('POST', '/v1/carts', `{"email":"${CANARY.email}", broken`);
    await send('GET', `/v1/admin/orders?q=${encodeURIComponent(CANARY.email)}`, undefined, {
      Authorization: `Bearer ${CANARY.bearer}`,
    });
    await send(
      'POST',
      '/v1/webhooks/stripe',
      { id: 'evt_x', email: CANARY.email },
      { 'Stripe-Signature': 't=1,v1=canary' },
    );
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'POST', path: '/v1/payment_intents' }] });
    const second = await shop.cart([{ variantId, quantity: 1 }]);
    expect(
      (
        await send(
          'POST',
          `/v1/carts/${second.id}/checkout`,
          { paymentMethod: 'stripe' },
          { 'X-Cart-Token': second.token, 'Idempotency-Key': newUuid() },
        )
      ).status,
    ).toBe(503);
    shop.stripe.clearChaos();
    await shop.until(
      async () => (await shop.db.query(`SELECT FROM mailbox WHERE recipient = $1`, [CANARY.email])).length > 0,
      'the confirmation mail',
    );

    const rows = await shop.db.query(
      `SELECT payload::text AS text FROM outbox UNION ALL SELECT payload::text || coalesce(last_error, '') FROM jobs
       UNION ALL SELECT data::text FROM order_events UNION ALL SELECT coalesce(encode(response_body, 'escape'), '') FROM idempotency_keys`,
    );
    const everything = { log: processes.output, errors: errors.join('\n'), rows: JSON.stringify(rows) };
    expect(processes.output).toContain('request.done');
    const secrets = [...Object.values(CANARY), cart.token, 'sk_test_canarykey123', 'whsec_canary_secret_1', '_secret_'];
    for (const [where, text] of Object.entries(everything)) {
      for (const secret of secrets) {
        expect({ where, secret, found: text.includes(secret) }).toEqual({ where, secret, found: false });
      }
    }
  }, 60_000);

  it('nor does anything that opens a door: passwords, links, tokens, keys, codes', async () => {
    const passwords = {
      first: 'canary-violet-harbor-4411',
      second: 'canary-amber-lantern-7723',
      staff: 'canary-granite-otter-9034',
    };
    const email = 'canary.door@secret.example';
    const secrets: Record<string, string> = { ...passwords };
    const errors: string[] = [];
    const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const isForm = body instanceof URLSearchParams;
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status >= 400) errors.push(text);
      const isJson = response.headers.get('content-type')?.includes('json');
      return { status: response.status, body: isJson ? (JSON.parse(text) as any) : null };
    };
    const keep = (name: string, value: unknown) => {
      expect([name, typeof value]).toEqual([name, 'string']);
      secrets[name] = value as string;
    };

    await send('POST', '/v1/auth/register', { email, password: passwords.first, lastName: CANARY.name });
    keep('registration link', await linkTo(shop, email, 'confirm'));
    await send('POST', '/v1/auth/verify-email', { token: secrets['registration link'], password: 'not the password' });
    const verified = await send('POST', '/v1/auth/verify-email', {
      token: secrets['registration link'],
      password: passwords.first,
    });
    expect(verified.status).toBe(200);
    keep('access token', verified.body.accessToken);
    keep('refresh token', verified.body.refreshToken);
    await send('GET', '/v1/admin/me', undefined, { Authorization: `Bearer ${secrets['access token']}` });
    await send('POST', '/v1/auth/forgot-password', { email });
    keep('reset link', await linkTo(shop, email, 'password'));
    const reset = { token: secrets['reset link'], password: passwords.second };
    await send('POST', '/v1/auth/reset-password', { ...reset, password: 'short' });
    expect((await send('POST', '/v1/auth/reset-password', reset)).status).toBeLessThan(300);
    expect((await send('POST', '/v1/auth/reset-password', reset)).status).toBe(422);
    expect((await send('POST', '/v1/auth/refresh', { refreshToken: secrets['refresh token'] })).status).toBe(401);

    const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(passwords.staff);
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), 'canary.staff@secret.example', 'Staff', $1, 'owner')`,
      [hash],
    );
    const login = await send('POST', '/v1/auth/login', {
      email: 'canary.staff@secret.example',
      password: passwords.staff,
    });
    expect(login.status).toBe(200);
    keep('staff token', login.body.accessToken);
    const Authorization = `Bearer ${secrets['staff token']}`;
    const FACTOR = '/v1/admin/me/two-factor';
    const setup = await send('POST', FACTOR, { password: passwords.staff }, { Authorization });
    keep('second factor', setup.body.secret);
    await send('POST', `${FACTOR}/confirm`, { code: 'not a code' }, { Authorization });
    const confirmed = await send('POST', `${FACTOR}/confirm`, { code: appCode(setup.body.secret) }, { Authorization });
    for (const [i, code] of confirmed.body.recoveryCodes.entries()) keep(`recovery code ${i}`, code);
    const staff = { email: 'canary.staff@secret.example', password: passwords.staff };
    const { challenge } = (await send('POST', '/v1/auth/login', staff)).body;
    keep('challenge', challenge);
    await send('POST', '/v1/auth/two-factor', { challenge, code: '000000' });
    await send('POST', '/v1/auth/two-factor', { challenge, code: secrets['recovery code 0'] });
    await send('POST', '/v1/auth/login', { ...staff, password: 'not the password' });
    // A refresh token that comes again after its successor was used.
    const first = (await send('POST', '/v1/auth/login', { email, password: passwords.second })).body.refreshToken;
    const second = (await send('POST', '/v1/auth/refresh', { refreshToken: first })).body.refreshToken;
    await send('POST', '/v1/auth/refresh', { refreshToken: second });
    await send('POST', '/v1/auth/refresh', { refreshToken: first });
    keep('used refresh token', first);

    const key = await send('POST', '/v1/admin/api-keys', { name: 'Robot', scopes: ['orders.read'] }, { Authorization });
    expect(key.status).toBe(201);
    keep('API key', key.body.key);
    const form = { grant_type: 'client_credentials', client_id: key.body.id, client_secret: key.body.key };
    const token = await send('POST', '/v1/oauth/token', new URLSearchParams(form));
    expect(token.status).toBe(200);
    keep('client token', token.body.access_token);
    await send('POST', '/v1/oauth/token', new URLSearchParams({ ...form, client_id: 'key_nobody' }));
    await send('POST', '/v1/oauth/token', new URLSearchParams({ ...form, scope: 'nonsense' }));
    await send('POST', '/v1/admin/products', {}, { Authorization: `Bearer ${secrets['client token']}` });
    await send('POST', '/docs/sign-in', { email, password: passwords.staff });
    await send('POST', '/v1/auth/oidc/session', { code: secrets['API key'], codeVerifier: secrets['API key'] });

    const rows = await shop.db.query(
      `SELECT payload::text AS text FROM outbox UNION ALL SELECT payload::text || coalesce(last_error, '') FROM jobs
       UNION ALL SELECT coalesce(before::text, '') || coalesce(after::text, '') FROM audit_log
       UNION ALL SELECT to_jsonb(k)::text FROM api_keys k UNION ALL SELECT to_jsonb(t)::text FROM refresh_tokens t
       UNION ALL SELECT to_jsonb(l)::text FROM account_links l UNION ALL SELECT to_jsonb(o)::text FROM oidc_attempts o
       UNION ALL SELECT to_jsonb(f)::text FROM two_factors f UNION ALL SELECT to_jsonb(r)::text FROM recovery_codes r
       UNION ALL SELECT to_jsonb(h)::text FROM login_challenges h UNION ALL SELECT to_jsonb(u)::text FROM users u UNION ALL SELECT to_jsonb(c)::text FROM customers c
       UNION ALL SELECT coalesce(encode(response_body, 'escape'), '') FROM idempotency_keys`,
    );
    const everything = { log: processes.output, errors: errors.join('\n'), rows: JSON.stringify(rows) };
    expect(errors.length).toBeGreaterThan(8);
    // What somebody who looks for an attack looks for.
    for (const event of [
      'auth.login_succeeded',
      'auth.login_failed',
      'auth.two_factor_changed',
      'auth.two_factor_failed',
      'auth.password_reset',
      'auth.refresh_token_reused',
      'api_key.created',
      'oauth.token_refused',
    ])
      // prettier-ignore
      expect({ event, isTold: everything.log.includes(event) }).toEqual({ event, isTold: true });
    for (const [where, text] of Object.entries(everything))
      for (const [name, secret] of Object.entries(secrets))
        expect({ where, name, found: text.includes(secret) }).toEqual({ where, name, found: false });
    // The page of a sign-in that failed keeps the address in its form, for who typed it.
    const problems = errors.filter((text) => text.startsWith('{')).join('\n');
    for (const [where, text] of Object.entries({ log: everything.log, problems }))
      expect({ where, found: text.includes(email) }).toEqual({ where, found: false });
  }, 60_000);
});
