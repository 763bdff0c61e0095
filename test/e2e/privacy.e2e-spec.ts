import { createHash, randomBytes } from 'node:crypto';
import { newUuid } from '#libs/ids';
import { PasswordHasher } from '../../src/modules/auth/index.js';
import { everyRow, findings, RedisWatch } from '../support/canaries.js';
import { linkTo } from '../support/customers.js';
import { CLIENT, IdentityProvider } from '../support/identity-provider.js';
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
  let provider: IdentityProvider;
  /** Where the machine has no Redis, jobs and limits stay in the process. */
  let redis: RedisWatch | null = null;
  beforeAll(async () => {
    shop = await Shop.start({ env: { JOBS: '0' } });
    processes = new Processes();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    provider = await IdentityProvider.start([`${url}/v1/auth/oidc/acme/callback`]);
    const redisUrl = process.env.TEST_REDIS_URL ? `${process.env.TEST_REDIS_URL}/9` : null;
    if (redisUrl) redis = await RedisWatch.start(redisUrl);
    processes.start('src/main.js', {
      PORT: String(port),
      PUBLIC_URL: url,
      DATABASE_URL: shop.database.url,
      ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
      OIDC_PROVIDERS: 'acme',
      OIDC_ACME_ISSUER: provider.issuer,
      OIDC_ACME_CLIENT_ID: CLIENT.id,
      OIDC_ACME_CLIENT_SECRET: CLIENT.secret,
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
  afterEach(() => shop.settleUp());
  afterAll(async () => {
    await processes?.stop();
    redis?.stop();
    await shop?.stop();
    await provider?.stop();
  });

  /** What the process says of itself, and what it tells others. */
  const told = async (errors: readonly string[]) => ({
    log: processes.output,
    errors: errors.join('\n'),
    metrics: await (await fetch(`${url}/metrics`)).text(),
    redis: (await redis?.everything()) ?? '',
  });
  /** Somebody who may do everything. */
  const employ = async (email: string, password: string): Promise<void> => {
    const hash = await shop.app.get(PasswordHasher, { strict: false }).hash(password);
    await shop.db.query(
      `INSERT INTO users (id, email, name, password_hash, role) VALUES (gen_random_uuid(), $1, 'Staff', $2, 'owner')`,
      [email, hash],
    );
  };

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
    // A number of a card where it does not belong, and is taken.
    const address = {
      ...ADDRESS,
      lastName: CANARY.name,
      line1: CANARY.street,
      phone: CANARY.phone,
      company: CANARY.card,
      line2: `call me, card ${CANARY.card}`,
    };
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
    const lost = { number: placed.body.order.number, email: CANARY.email };
    for (const number of [lost.number, '1', `no number ${CANARY.card}`])
      await send('POST', '/v1/orders/lookup', { ...lost, number });
    await send('POST', '/v1/carts', {
      email: `not-an-email ${CANARY.card}`,
      card: CANARY.card,
      password: CANARY.password,
    });
    await send('POST', '/v1/carts', `{"email":"${CANARY.email}", broken`);
    for (const bearer of [CANARY.bearer, CANARY.bearer.repeat(1_500)])
      await send('GET', `/v1/admin/orders?q=${encodeURIComponent(CANARY.email)}`, undefined, {
        Authorization: `Bearer ${bearer}`,
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

    // What staff write of a person, and what is written of it.
    await employ('boss@emporium.example', CANARY.password);
    const login = { email: 'boss@emporium.example', password: CANARY.password };
    const Authorization = `Bearer ${(await send('POST', '/v1/auth/login', login)).body.accessToken}`;
    const person = { firstName: CANARY.name, lastName: CANARY.name, phone: CANARY.phone };
    const made = await send(
      'POST',
      '/v1/admin/customers',
      { ...person, email: `another.${CANARY.email}`, note: `lives at ${CANARY.street}`, invite: true },
      { Authorization },
    );
    expect(made.status).toBe(201);
    const change = { lastName: `${CANARY.name} Jones`, note: `paid with ${CANARY.card}` };
    const changed = await send('PATCH', `/v1/admin/customers/${made.body.id}`, change, {
      Authorization,
      'If-Match': '*',
    });
    expect(changed.status).toBe(200);
    const canceled = await send(
      'POST',
      `/v1/admin/orders/${placed.body.order.id}/cancel`,
      {},
      { Authorization, 'Idempotency-Key': newUuid() },
    );
    expect(canceled.status).toBe(200);
    await shop.quiet();

    const rows = await shop.db.query(
      `SELECT payload::text AS text FROM outbox UNION ALL SELECT payload::text || coalesce(last_error, '') FROM jobs
       UNION ALL SELECT data::text FROM order_events UNION ALL SELECT coalesce(encode(response_body, 'escape'), '') FROM idempotency_keys
       UNION ALL SELECT to_jsonb(l)::text FROM audit_log l`,
    );
    const audited = await shop.db.query<{ type: string }>(`SELECT DISTINCT record_type AS type FROM audit_log`);
    expect(audited.map(({ type }) => type)).toEqual(expect.arrayContaining(['customers', 'orders']));
    expect(processes.output).toContain('request.done');
    const secrets = {
      ...CANARY,
      'cart token': cart.token,
      'Stripe key': 'sk_test_canarykey123',
      'webhook secret': 'whsec_canary_secret_1',
      'client secret': '_secret_',
    };
    const places = { ...(await told(errors)), rows: JSON.stringify(rows) };
    expect(findings(places, secrets)).toEqual([]);
  }, 60_000);

  it('a line of the log says which request it speaks of, also behind the body and calls to others', async () => {
    const variantId = await shop.product({ stock: 5 });
    const { id, token } = await shop.cart([{ variantId, quantity: 1 }]);
    shop.stripe.setChaos({ api: [{ kind: 'status', status: 500, method: 'POST', path: '/v1/payment_intents' }] });
    const headers = { 'Content-Type': 'application/json', 'X-Cart-Token': token, 'Idempotency-Key': newUuid() };
    const answer = await fetch(`${url}/v1/carts/${id}/checkout`, {
      method: 'POST',
      headers: { ...headers, 'X-Request-Id': 'who-speaks-1' },
      body: JSON.stringify({ paymentMethod: 'stripe' }),
    });
    shop.stripe.clearChaos();
    expect(answer.status).toBe(503);
    const ofRequest = () => processes.output.split('\n').filter((line) => line.includes('"requestId":"who-speaks-1"'));
    await shop.until(async () => ofRequest().some((line) => line.includes('request.done')), 'the line of the request');
    for (const event of ['stripe.call_failed', 'request.unavailable'])
      expect(ofRequest().filter((line) => line.includes(event))).not.toEqual([]);
  });

  it('nor does anything that opens a door: passwords, links, tokens, keys, codes', async () => {
    const passwords = {
      first: 'canary-violet-harbor-4411',
      second: 'canary-amber-lantern-7723',
      staff: 'canary-granite-otter-9034',
      invited: 'canary-cobalt-heron-5518',
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

    await employ('canary.staff@secret.example', passwords.staff);
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
    // An invitation.
    const invited = 'canary.invited@secret.example';
    const invitation = await send(
      'POST',
      '/v1/admin/users/invitations',
      { email: invited, name: 'Robin', role: 'viewer' },
      { Authorization },
    );
    expect(invitation).toMatchObject({ status: 201 });
    keep('invitation link', await linkTo(shop, invited));
    const accept = { token: secrets['invitation link'], password: passwords.invited };
    await send('POST', '/v1/auth/accept-invitation', { ...accept, password: 'short' });
    expect((await send('POST', '/v1/auth/accept-invitation', accept)).status).toBeLessThan(300);
    expect((await send('POST', '/v1/auth/accept-invitation', accept)).status).toBe(422);

    // A file and a gift card, bought together; the code opens money, the link the file.
    const book = await send(
      'POST',
      '/v1/admin/products',
      {
        title: 'Book',
        status: 'active',
        variants: [{ requiresShipping: false, trackInventory: false, prices: [{ amount: 900, currency: 'USD' }] }],
      },
      { Authorization },
    );
    expect(book).toMatchObject({ status: 201 });
    const [{ id: variantId }] = book.body.variants;
    const file = new FormData();
    file.append('file', new Blob(['%PDF the whole book']), 'book.pdf');
    const upload = await fetch(`${url}/v1/admin/products/${book.body.id}/variants/${variantId}/files`, {
      method: 'POST',
      headers: { Authorization },
      body: file,
    });
    expect(upload.status).toBe(201);
    const card = await send(
      'POST',
      '/v1/admin/products',
      {
        title: 'Gift Card',
        giftCard: true,
        status: 'active',
        variants: [{ prices: [{ amount: 5000, currency: 'USD' }] }],
      },
      { Authorization },
    );
    expect(card).toMatchObject({ status: 201 });
    const lines = [variantId, card.body.variants[0].id].map((id) => ({ variantId: id, quantity: 1 }));
    const cart = await send('POST', '/v1/carts', { lines, email });
    keep('cart token', cart.body.token);
    const opened = { 'X-Cart-Token': secrets['cart token']! };
    const pay = { paymentMethod: 'stripe', confirmationToken: 'pm_card_visa', returnUrl: 'http://localhost/done' };
    const placed = await send('POST', `/v1/carts/${cart.body.id}/checkout`, pay, {
      ...opened,
      'Idempotency-Key': newUuid(),
    });
    expect(placed).toMatchObject({ status: 201, body: { order: { paymentStatus: 'paid' } } });
    const orderId = placed.body.order.id;
    await send('POST', '/v1/orders/lookup', { number: placed.body.order.number, email });
    keep('link to the order', await linkTo(shop, email, 'Your order'));
    const found = { 'X-Cart-Token': secrets['link to the order']! };
    expect((await send('GET', `/v1/orders/${orderId}`, undefined, found)).status).toBe(200);
    expect((await send('GET', `/v1/carts/${cart.body.id}`, undefined, found)).status).toBe(404);
    const link = await shop.until(async () => {
      const { body } = await send('GET', `/v1/orders/${orderId}/downloads`, undefined, opened);
      return body.data[0]?.url as string | undefined;
    }, 'the download');
    keep('download link', link.split('/').pop());
    expect((await fetch(link)).status).toBe(200);
    expect((await send('GET', `/v1/downloads/x${secrets['download link']}`)).status).toBe(404);
    const gift = await shop.until(async () => {
      const { body } = await send('GET', `/v1/admin/gift-cards?orderId=${orderId}`, undefined, { Authorization });
      return body.data[0] as { id: string } | undefined;
    }, 'the gift card');
    const read = await send('GET', `/v1/admin/gift-cards/${gift.id}/code`, undefined, { Authorization });
    keep('gift card code', read.body.code);
    secrets['gift card code without hyphens'] = read.body.code.replaceAll('-', '');
    const next = await send('POST', '/v1/carts', { lines: lines.slice(0, 1), email });
    const giftCards = `/v1/carts/${next.body.id}/gift-cards`;
    const code = { code: secrets['gift card code'] };
    await send('POST', giftCards, code, opened);
    await send('POST', giftCards, { ...code, more: 1 }, { 'X-Cart-Token': next.body.token });
    expect((await send('POST', giftCards, code, { 'X-Cart-Token': next.body.token })).status).toBeLessThan(300);

    // A sign-in at a provider of identities.
    keep('code verifier', randomBytes(32).toString('base64url'));
    const codeChallenge = createHash('sha256').update(secrets['code verifier']!).digest('base64url');
    const start = { returnUrl: 'http://localhost:5173/signed-in', codeChallenge };
    const begun = await send('POST', '/v1/auth/oidc/acme/start', start);
    expect(begun.status).toBe(200);
    const back = await provider.browse(begun.body.authorizationUrl, {
      sub: 'c-1',
      email: 'canary.door.at@acme.example',
      email_verified: true,
    });
    for (const name of ['code', 'state']) keep(`${name} of the provider`, back.searchParams.get(name));
    const callback = await fetch(back, { redirect: 'manual' });
    keep('code of the page', new URL(callback.headers.get('location')!).searchParams.get('code'));
    await send('GET', `${back.pathname}${back.search}`);
    const finish = { code: secrets['code of the page'], codeVerifier: secrets['code verifier'] };
    const session = await send('POST', '/v1/auth/oidc/session', finish);
    expect(session).toMatchObject({ status: 200 });
    keep('refresh token of the provider session', session.body.refreshToken);
    await send('POST', '/v1/auth/oidc/session', finish);
    await send('POST', '/v1/auth/oidc/session', { ...finish, codeVerifier: 'x'.repeat(43) });
    expect(provider.tokens).toHaveLength(2);
    for (const [i, one] of provider.tokens.entries()) keep(`token ${i} of the provider`, one);
    secrets['client secret at the provider'] = CLIENT.secret;

    await send('POST', '/docs/sign-in', { email, password: passwords.staff });
    await send('POST', '/v1/auth/oidc/session', { code: secrets['API key'], codeVerifier: secrets['API key'] });

    await shop.quiet();
    // The mails themselves have links and codes in them: that is what they are for.
    const places: Record<string, string> = { ...(await told(errors)), ...(await everyRow(shop.db, ['mailbox'])) };
    expect(errors.length).toBeGreaterThan(8);
    expect(places['table customers']).toContain(email);
    if (redis) expect(places.redis).toContain('emporium:');
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
      expect({ event, isTold: places.log!.includes(event) }).toEqual({ event, isTold: true });
    expect(findings(places, secrets)).toEqual([]);
    // The page of a sign-in that failed keeps the address in its form, for who typed it.
    const problems = errors.filter((text) => text.startsWith('{')).join('\n');
    for (const [where, text] of Object.entries({ log: places.log!, problems }))
      expect({ where, found: text.includes(email) }).toEqual({ where, found: false });
  }, 60_000);
});
