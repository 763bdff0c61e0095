import { createHash, createHmac, randomBytes } from 'node:crypto';
import { encodeId, newUuid } from '#libs/ids';
import { WELL_KNOWN } from '../../../src/db/seed/index.js';
import { AccountLinks, type LinkPurpose, LinkTokens } from '../../../src/modules/auth/index.js';
import { PASSWORD } from '../customers.js';
import type { IdentityProvider } from '../identity-provider.js';
import { WEBHOOK_SECRET } from '../shop.js';
import { appCode, enableTwoFactor } from '../two-factor.js';
import { form, type Person, type World } from './world.js';

/** What a request needs so that it can work, where documents and database do not say it. */
export interface Prepared {
  ids?: Record<string, string>;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  form?: FormData | URLSearchParams;
  text?: string;
}

export type Recipe = (world: World, provider: IdentityProvider) => Promise<Prepared>;

const NEW_PASSWORD = 'amber tractor 17 lullabies';
const as = ({ bearer }: Person) => ({ Authorization: `Bearer ${bearer}` });
const s256 = (text: string) => createHash('sha256').update(text).digest('base64url');
const RETURN_URL = 'http://localhost:5173/signed-in';

/** The secret of a link in a mail. */
async function link(
  world: World,
  purpose: LinkPurpose,
  of: { email: string; customerId?: string; userId?: string; passwordHash?: string; profile?: Record<string, unknown> },
): Promise<string> {
  const { app, db } = world.shop;
  const id = await app.get(AccountLinks, { strict: false }).create(db, { purpose, ...of });
  return app.get(LinkTokens, { strict: false }).tokenOf(id);
}

/** What a browser brings back from the provider, for the page that began. */
async function visit(world: World, provider: IdentityProvider, path: string, headers: Record<string, string>) {
  const codeVerifier = randomBytes(32).toString('base64url');
  const begun = await world.call('POST', path, {
    headers,
    body: {
      returnUrl: RETURN_URL,
      codeChallenge: s256(codeVerifier),
      ...(headers.Authorization ? { password: PASSWORD } : {}),
    },
  });
  const sub = newUuid();
  const back = await provider.browse(begun.body.authorizationUrl, {
    sub,
    email: `${sub}@example.com`,
    email_verified: true,
  });
  const answer = await world.shop.call('GET', `${back.pathname}${back.search}`, { redirect: 'manual' });
  return { code: new URL(answer.headers.get('location')!).searchParams.get('code'), codeVerifier };
}

const cartOf =
  (
    extra: (world: World, cart: { id: string; headers: Record<string, string> }) => Promise<Partial<Prepared>>,
  ): Recipe =>
  async (world) => {
    const cart = await world.cart(null);
    const headers = cart.credentials;
    const more = await extra(world, { id: cart.id, headers });
    return { headers, ...more, ids: { id: cart.id, lineId: cart.lineId, ...more.ids } };
  };
const orderOf =
  (how: Parameters<World['order']>[1], more: Partial<Prepared> = {}): Recipe =>
  async (world) => {
    const placed = await world.order(how === 'digital' ? null : world.customer, how);
    return { headers: placed.credentials, ids: { id: placed.id, paymentId: placed.paymentId }, ...more };
  };
const staffOrder =
  (how: Parameters<World['order']>[1], body?: (lineId: string) => unknown): Recipe =>
  async (world) => {
    const placed = await world.order(world.customer, how);
    return { ids: { id: placed.id, paymentId: placed.paymentId }, ...(body ? { body: body(placed.lineId) } : {}) };
  };
const paymentOf: Recipe = async (world) => ({ ids: { id: (await world.order(null, 'unpaid')).paymentId } });
const newcomer =
  (body: (one: Person) => unknown = () => undefined): Recipe =>
  async (world) => {
    const one = await world.person('customer');
    return { headers: as(one), body: body(one) };
  };
/** A second factor of somebody: proposed, or confirmed. */
const factor =
  (kind: 'staff' | 'customer', body: (secret: string) => unknown, isConfirmed = true): Recipe =>
  async (world) => {
    const one = await world.person(kind);
    const path = kind === 'staff' ? '/v1/admin/me/two-factor' : '/v1/me/two-factor';
    if (isConfirmed) {
      const { secret } = await enableTwoFactor(world.shop, path, one.bearer, PASSWORD);
      return { headers: as(one), body: body(secret) };
    }
    const { body: setup } = await world.call('POST', path, { bearer: one.bearer, body: { password: PASSWORD } });
    return { headers: as(one), body: body(setup.secret) };
  };
const proof = (secret: string) => ({ password: PASSWORD, code: appCode(secret) });
const reviewForStaff: Recipe = async (world) => {
  const id = await world.review(await world.person('customer'));
  const { headers } = await world.asStaff('GET', `/v1/admin/reviews/${id}`);
  return { ids: { id }, headers: { 'If-Match': headers.get('etag')! } };
};
const ownReview =
  (body?: unknown): Recipe =>
  async (world) => {
    const one = await world.person('customer');
    return { headers: as(one), ids: { id: await world.review(one) }, ...(body ? { body } : {}) };
  };
const colleague =
  (extra?: (world: World, one: Person) => Promise<void>): Recipe =>
  async (world) => {
    const one = await world.person('staff');
    await extra?.(world, one);
    return { ids: { id: encodeId('user', one.id) } };
  };
const otherCustomer: Recipe = async (world) => ({
  ids: { id: encodeId('customer', (await world.person('customer')).id) },
});

/** By `operationId`. Everything else works with its examples, and with ids of what the database has. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  login: async (world) => ({ body: { email: (await world.person('customer')).email, password: PASSWORD } }),
  loginTwoFactor: async (world) => {
    const one = await world.person('customer');
    const { secret } = await enableTwoFactor(world.shop, '/v1/me/two-factor', one.bearer, PASSWORD);
    const { body } = await world.call('POST', '/v1/auth/login', { body: { email: one.email, password: PASSWORD } });
    return { body: { challenge: body.challenge, code: appCode(secret) } };
  },
  refresh: async (world) => ({ body: { refreshToken: (await world.person('customer')).refreshToken } }),
  logout: async (world) => ({ body: { refreshToken: (await world.person('customer')).refreshToken } }),
  createToken: async (world) => {
    const { body } = await world.asStaff('POST', '/v1/admin/api-keys', { name: 'Robot', scopes: ['orders.read'] });
    return {
      headers: { Authorization: '' },
      form: new URLSearchParams({ grant_type: 'client_credentials', client_id: body.id, client_secret: body.key }),
    };
  },
  forgotPassword: async (world) => ({ body: { email: (await world.person('customer')).email } }),
  resetPassword: async (world) => {
    const one = await world.person('customer');
    return { body: { token: await link(world, 'reset_password', { email: one.email }), password: NEW_PASSWORD } };
  },
  acceptInvitation: async (world) => {
    const one = await world.person('staff');
    await world.shop.db.query(`UPDATE users SET password_hash = '!' WHERE id = $1`, [one.id]);
    return {
      body: {
        token: await link(world, 'invite', { email: one.email, userId: one.id }),
        password: 'velvet-otter-lantern-quartz-318',
      },
    };
  },
  register: () => Promise.resolve({ body: { email: `${newUuid()}@example.com`, password: PASSWORD } }),
  verifyEmail: async (world) => {
    const [row] = await world.shop.db.query<{ password_hash: string }>(
      `SELECT password_hash FROM customers WHERE id = $1`,
      [world.customer.id],
    );
    const profile = { firstName: 'Ada', lastName: '', acceptsMarketing: false };
    const token = await link(world, 'register', {
      email: `${newUuid()}@example.com`,
      passwordHash: row!.password_hash,
      profile,
    });
    return { body: { token, password: PASSWORD } };
  },
  enrollMyTwoFactor: newcomer(() => ({ password: PASSWORD })),
  confirmMyTwoFactor: factor('customer', (secret) => ({ code: appCode(secret) }), false),
  renewMyRecoveryCodes: factor('customer', proof),
  disableMyTwoFactor: factor('customer', proof),
  enrollTwoFactor: async (world) => ({ headers: as(await world.person('staff')), body: { password: PASSWORD } }),
  confirmTwoFactor: factor('staff', (secret) => ({ code: appCode(secret) }), false),
  renewRecoveryCodes: factor('staff', proof),
  disableTwoFactor: factor('staff', proof),
  deleteMyAccount: newcomer(() => ({ password: PASSWORD })),
  changeMyPassword: newcomer(() => ({ password: PASSWORD, newPassword: NEW_PASSWORD })),
  changeMyEmail: newcomer(() => ({ password: PASSWORD, email: `${newUuid()}@example.com` })),
  endMySessions: newcomer(),
  endMySession: async (world) => {
    const one = await world.person('customer');
    return { headers: as(one), ids: { id: encodeId('session', one.sessionId) } };
  },
  waitForStock: async (world) => {
    const { db } = world.shop;
    const [row] = await db.query<{ id: string }>(
      `SELECT v.id FROM variants v JOIN stock_levels s ON s.variant_id = v.id JOIN products p ON p.id = v.product_id
       WHERE v.track_inventory AND NOT v.allow_backorder AND s.on_hand = 0 AND v.status = 'active' AND p.status = 'active' LIMIT 1`,
    );
    return {
      ids: { id: row ? encodeId('variant', row.id) : WELL_KNOWN.variantId },
      body: { email: `${newUuid()}@example.com` },
    };
  },
  getCart: cartOf(() => Promise.resolve({})),
  updateCart: cartOf(() => Promise.resolve({})),
  deleteCart: cartOf(() => Promise.resolve({})),
  addCartLine: cartOf(() => Promise.resolve({})),
  updateCartLine: cartOf(() => Promise.resolve({})),
  removeCartLine: cartOf(() => Promise.resolve({})),
  mergeCart: cartOf((world, { headers }) => Promise.resolve({ headers: { ...headers, ...as(world.customer) } })),
  listCartShippingMethods: cartOf(() => Promise.resolve({})),
  applyPromotion: cartOf(() => Promise.resolve({})),
  removePromotion: cartOf(async (world, { id, headers }) => {
    await world.call('POST', `/v1/carts/${id}/promotions`, { headers, body: { code: WELL_KNOWN.promotionCode } });
    return { ids: { code: WELL_KNOWN.promotionCode } };
  }),
  applyGiftCard: cartOf(() => Promise.resolve({})),
  removeGiftCard: cartOf(async (world, { id, headers }) => {
    await world.call('POST', `/v1/carts/${id}/gift-cards`, { headers, body: { code: WELL_KNOWN.giftCardCode } });
    return { ids: { giftCardId: WELL_KNOWN.giftCardId } };
  }),
  checkout: cartOf(() => Promise.resolve({})),
  getOrder: orderOf('invoice'),
  listOrderEvents: orderOf('invoice'),
  cancelOrder: orderOf('invoice'),
  listOrderPayments: orderOf('unpaid'),
  payOrder: orderOf('unpaid'),
  syncOrderPayment: orderOf('unpaid'),
  listOrderDownloads: orderOf('digital'),
  download: async (world) => {
    const { id, credentials } = await world.order(null, 'digital');
    const url = await world.shop.until(async () => {
      const { body } = await world.call('GET', `/v1/orders/${id}/downloads`, { headers: credentials });
      return body.data[0]?.url as string | undefined;
    }, 'the download');
    return { ids: { token: url.split('/').pop()!.split('?')[0]! } };
  },
  writeReview: async (world) => ({
    headers: as(await world.person('customer')),
    ids: { idOrHandle: WELL_KNOWN.secondProductId },
  }),
  getMyReview: ownReview(),
  changeMyReview: ownReview({ rating: 4 }),
  deleteMyReview: ownReview(),
  beginSignIn: () => Promise.resolve({ ids: { provider: 'google' } }),
  endProviderSession: () => Promise.resolve({ ids: { provider: 'google' } }),
  receiveSignIn: async (world, provider) => {
    const body = { returnUrl: RETURN_URL, codeChallenge: s256(newUuid()) };
    const begun = await world.call('POST', '/v1/auth/oidc/google/start', { body });
    const back = await provider.browse(begun.body.authorizationUrl, { sub: newUuid() });
    return { query: Object.fromEntries(back.searchParams) };
  },
  finishSignIn: async (world, provider) => ({ body: await visit(world, provider, '/v1/auth/oidc/google/start', {}) }),
  finishLink: async (world, provider) => ({
    body: await visit(world, provider, '/v1/me/identities/google/start', as(world.customer)),
  }),
  beginLink: () => Promise.resolve({ ids: { provider: 'google' } }),
  unlinkIdentity: async (world) => {
    const id = newUuid();
    await world.shop.db.query(
      `INSERT INTO identities (id, provider, issuer, subject, customer_id) VALUES ($1, 'google', 'http://google.example', $2, $3)`,
      [id, id, world.customer.id],
    );
    return { ids: { id: encodeId('identity', id) } };
  },
  receiveStripeEvent: () => {
    const text = JSON.stringify({
      id: `evt_${newUuid()}`,
      object: 'event',
      type: 'customer.created',
      api_version: '2026-01-01',
      created: 1,
      livemode: false,
      data: { object: { id: 'cus_1', object: 'customer' } },
    });
    const time = Math.floor(Date.now() / 1_000);
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.${text}`).digest('hex');
    return Promise.resolve({
      text,
      headers: { 'Stripe-Signature': `t=${time},v1=${signature}`, 'Content-Type': 'application/json' },
    });
  },
  deleteMyPaymentMethod: async (world) => {
    const one = await world.person('customer');
    await world.order(one, 'paid');
    const { body } = await world.call('GET', '/v1/me/payment-methods', { bearer: one.bearer });
    return { headers: as(one), ids: { id: body.data[0]?.id ?? 'pm_none' } };
  },

  suspendUser: colleague(),
  updateUser: colleague(),
  endUserSessions: colleague(),
  sendUserPasswordReset: colleague(),
  reactivateUser: colleague((world, one) =>
    world.shop.db.query(`UPDATE users SET suspended_at = now() WHERE id = $1`, [one.id]).then(() => undefined),
  ),
  resetUserTwoFactor: colleague((world, one) =>
    enableTwoFactor(world.shop, '/v1/admin/me/two-factor', one.bearer, PASSWORD).then(() => undefined),
  ),
  createUser: () =>
    Promise.resolve({
      body: {
        email: `${newUuid()}@example.com`,
        name: 'Robin',
        password: 'velvet-otter-lantern-quartz-318',
        role: 'support',
      },
    }),
  anonymizeCustomer: otherCustomer,
  updateCustomer: otherCustomer,
  sendCustomerPasswordReset: otherCustomer,
  endCustomerSessions: otherCustomer,
  resetCustomerTwoFactor: async (world) => {
    const one = await world.person('customer');
    await enableTwoFactor(world.shop, '/v1/me/two-factor', one.bearer, PASSWORD);
    return { ids: { id: encodeId('customer', one.id) } };
  },
  startImport: () =>
    Promise.resolve({
      form: form('products.csv', 'Handle,Title,Price\nfuzzed,Fuzzed,10.00\n', 'text/csv', { dryRun: 'true' }),
    }),
  addVariantFile: () =>
    Promise.resolve({
      form: form('book.pdf', '%PDF a book', 'application/pdf'),
      ids: { id: WELL_KNOWN.digitalProductId, variantId: WELL_KNOWN.digitalVariantId },
    }),
  createVariant: () => Promise.resolve({ ids: { id: WELL_KNOWN.optionProductId } }),
  updatePublishableKey: async (world) => ({
    ids: { id: (await world.asStaff('POST', '/v1/admin/publishable-keys', { name: 'Shop' })).body.id },
    body: { name: newUuid() },
  }),
  updateSettings: () => Promise.resolve({ body: { lowStockThreshold: 1 + Math.floor(Math.random() * 1_000) } }),
  updateMarket: () => Promise.resolve({ body: { name: newUuid() } }),
  activatePromotion: async (world) => {
    await world.asStaff('POST', `/v1/admin/promotions/${WELL_KNOWN.promotionId}/deactivate`);
    return { ids: { id: WELL_KNOWN.promotionId } };
  },
  setCollectionProducts: () => Promise.resolve({ ids: { id: WELL_KNOWN.collectionId } }),
  rotatePublishableKey: async (world) => ({
    ids: { id: (await world.asStaff('POST', '/v1/admin/publishable-keys', { name: 'Shop' })).body.id },
  }),
  downloadImportRejects: async (world) => {
    const { id } = await world.import('Handle,Title,Price\nnot a handle,,free\n');
    return { ids: { id } };
  },
  createPromotionCode: () => Promise.resolve({ ids: { id: WELL_KNOWN.promotionId } }),
  generatePromotionCodes: () => Promise.resolve({ ids: { id: WELL_KNOWN.promotionId } }),
  fulfillOrder: staffOrder('paid', (lineId) => ({ lines: [{ lineId, quantity: 1 }] })),
  cancelOrderAsStaff: staffOrder('paid'),
  markPaymentPaid: staffOrder('invoice'),
  refundOrder: staffOrder('paid', () => ({ amount: 100 })),
  captureOrder: async (world) => {
    await world.setCapture('manual');
    const placed = await world.order(world.customer, 'paid');
    await world.setCapture('automatic');
    return { ids: { id: placed.id }, body: {} };
  },
  renewDownloadsOfOrder: async (world) => {
    const { id, credentials } = await world.order(null, 'digital');
    await world.shop.until(async () => {
      const { body } = await world.call('GET', `/v1/orders/${id}/downloads`, { headers: credentials });
      return body.data.length > 0;
    }, 'the downloads');
    return { ids: { id } };
  },
  syncPayment: paymentOf,
  acceptPayment: async (world) => ({ ids: { id: await world.oddPayment() } }),
  rejectPayment: async (world) => ({ ids: { id: await world.oddPayment() } }),
  publishReview: reviewForStaff,
  rejectReview: reviewForStaff,
  replyToReview: reviewForStaff,
  getDispute: async (world) => ({ ids: { id: await world.dispute() } }),
  acceptDispute: async (world) => ({ ids: { id: await world.dispute() } }),
  giveDisputeEvidence: async (world) => ({ ids: { id: await world.dispute() } }),
  downloadExport: async (world) => {
    const { body } = await world.asStaff('POST', '/v1/admin/exports', { kind: 'products' });
    await world.shop.until(
      async () => (await world.asStaff('GET', `/v1/admin/exports/${body.id}`)).body.status === 'completed',
      'the export',
    );
    return { ids: { id: body.id } };
  },
  retryJob: async (world) => {
    const [row] = await world.shop.db.query<{ id: string }>(
      `UPDATE jobs SET state = 'dead', finished_at = now() WHERE id = (SELECT id FROM jobs WHERE state = 'done' LIMIT 1) RETURNING id`,
    );
    return { ids: { id: encodeId('job', row?.id ?? newUuid()) } };
  },
  removeCustomerGroupMember: async (world) => {
    const customerId = encodeId('customer', world.customer.id);
    await world.asStaff('PUT', `/v1/admin/customer-groups/${WELL_KNOWN.customerGroupId}/members/${customerId}`);
    return { ids: { id: WELL_KNOWN.customerGroupId, customerId } };
  },
};
