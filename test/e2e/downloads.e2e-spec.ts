import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeId, encodeId, newUuid } from '#libs/ids';
import { placeOf, setParts } from '../support/bundles.js';
import { type Answer, Shop } from '../support/shop.js';

const CONTENT = Buffer.from('%PDF the whole book, of which every letter counts');
let shop: Shop;
let owner: string;

beforeAll(async () => {
  shop = await Shop.start();
  owner = await shop.staff();
});
afterAll(() => shop?.stop());
afterEach(() => shop.settleUp());

const outcome = (answer: { status: number; body: any }) => [answer.status, answer.body.code];

async function filesOf(variantId: string): Promise<string> {
  const [row] = await shop.db.query<{ product_id: string }>(`SELECT product_id FROM variants WHERE id = $1`, [
    decodeId('variant', variantId),
  ]);
  return `/v1/admin/products/${encodeId('product', row!.product_id)}/variants/${variantId}/files`;
}
async function upload(path: string, content: Buffer | null, name = 'book.pdf', bearer = owner): Promise<Answer> {
  const form = new FormData();
  if (content) form.append('file', new Blob([new Uint8Array(content)]), name);
  const answer = await fetch(`${shop.url}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}` },
    body: form,
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
/** A variant that is a file, and another that is a thing. */
async function book(name?: string): Promise<string> {
  const id = await shop.product({ stock: null, shipping: false });
  expect((await upload(await filesOf(id), CONTENT, name)).status).toBe(201);
  return id;
}
/** An order that is paid by card. */
async function bought(...variantIds: string[]) {
  const cart = await shop.cart(variantIds.map((variantId) => ({ variantId, quantity: 1 })));
  const placed = await shop.checkout(cart, {
    paymentMethod: 'stripe',
    confirmationToken: 'pm_card_visa',
    returnUrl: 'http://localhost/done',
  });
  expect([placed.status, placed.body.payment?.status]).toEqual([201, 'succeeded']);
  return { id: placed.body.order.id as string, token: cart.token, payment: placed.body.payment.id as string };
}
type Order = { id: string; token: string };
const listOf = async (order: Order) =>
  (await shop.call('GET', `/v1/orders/${order.id}/downloads`, { token: order.token })).body.data;
const ready = (order: Order, count = 1) =>
  shop.until(async () => {
    const list = await listOf(order);
    return list.length === count && list;
  }, 'the downloads');
const get = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  // The shop of a test does not know its port beforehand.
  fetch(new URL(new URL(url).pathname, shop.url), { method, headers }).then(async (answer) => {
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = answer.headers.get('content-type')?.includes('json');
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      body: isJson ? JSON.parse(bytes.toString()) : null,
    };
  });

describe('files of variants', () => {
  it('are given to who paid: by mail, and on the order, which is fulfilled by it', async () => {
    const order = await bought(await book('Größe & (Schnitt).pdf'));
    const [file] = await ready(order);
    expect(file).toMatchObject({
      fileName: 'Größe & (Schnitt).pdf',
      bytes: CONTENT.length,
      remaining: 5,
      available: true,
    });
    const answer = await get(file.url);
    expect([answer.status, answer.bytes.equals(CONTENT)]).toEqual([200, true]);
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="Gr__e _ (Schnitt).pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%26%20%28Schnitt%29.pdf`,
    );
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const done = await shop.until(async () => {
      const now = await shop.order(order.id, order.token);
      return now.status === 'completed' && now;
    }, 'the order to be fulfilled');
    expect(done.fulfillmentStatus).toBe('fulfilled');
    const mails = await shop.until(async () => {
      const rows = await shop.db.query<{ subject: string; text: string }>(
        `SELECT subject, text_body AS text FROM mailbox WHERE subject LIKE '%' || $1 || '%'`,
        [done.number],
      );
      return rows.length >= 2 && rows;
    }, 'the mails');
    expect(mails.map((mail) => mail.subject).sort()).toEqual([
      `Order ${done.number} is confirmed`,
      `Your downloads of order ${done.number}`,
    ]);
    expect(mails.find((mail) => mail.subject.startsWith('Your'))!.text).toContain(file.url);
  });

  it('of the parts of a bundle are given by themselves: an order of nothing to ship is fulfilled by it', async () => {
    const [guide, plan] = [await book('guide.pdf'), await shop.product({ stock: 5, shipping: false })];
    const bundle = await placeOf(shop, await shop.product({ stock: 0, shipping: false }));
    const parts = [
      { variantId: guide, quantity: 1 },
      { variantId: plan, quantity: 2 },
    ];
    expect((await setParts(shop, owner, bundle, parts)).status).toBe(200);
    const order = await bought(bundle.variantId);
    const [file] = await ready(order);
    expect(file).toMatchObject({ fileName: 'guide.pdf', available: true });
    expect((await get(file.url)).status).toBe(200);
    await shop.until(
      async () => (await shop.order(order.id, order.token)).status === 'completed',
      'the order to be fulfilled',
    );
    await shop.quiet();
    const mails = await shop.db.query<{ subject: string }>(
      `SELECT subject FROM mailbox WHERE text_body LIKE '%' || $1 || '%'`,
      [file.url],
    );
    expect(mails).toEqual([{ subject: expect.stringMatching(/^Your downloads of order/) }]);
  });

  it('of the parts of a bundle are given also where something is still to be shipped', async () => {
    const [guide, tool] = [await book('guide.pdf'), await shop.product({ stock: 5 })];
    const bundle = await placeOf(shop, await shop.product({ stock: 0 }));
    const parts = [guide, tool].map((variantId) => ({ variantId, quantity: 1 }));
    expect((await setParts(shop, owner, bundle, parts)).status).toBe(200);
    const order = await bought(bundle.variantId);
    expect(await ready(order)).toMatchObject([{ fileName: 'guide.pdf', available: true }]);
    await shop.quiet();
    expect(await shop.order(order.id, order.token)).toMatchObject({ status: 'confirmed' });
  });

  it('are nobody else’s: not by guessing, not before the payment, not in the public folder', async () => {
    const variantId = await book();
    const order = await bought(variantId);
    const [file] = await ready(order);
    expect(outcome(await shop.call('GET', `/v1/orders/${order.id}/downloads`))).toEqual([404, 'not_found']);
    const token = file.url.split('/').at(-1)!;
    const changed = `${token.slice(0, -1)}${token.endsWith('_') ? '-' : '_'}`;
    for (const wrong of [changed, token.slice(2), 'x', '..%2F..%2Fmedia', `${token}A`])
      expect((await get(`${shop.url}/v1/downloads/${wrong}`)).status).toBe(404);
    const [row] = await shop.db.query<{ id: string }>(`SELECT id FROM variant_files WHERE variant_id = $1`, [
      decodeId('variant', variantId),
    ]);
    for (const path of [`/media/${row!.id}`, `/media/..%2Fdigital%2F${row!.id}`, `/media/digital/${row!.id}`])
      expect((await get(`${shop.url}${path}`)).status).toBe(404);
    const cart = await shop.cart([{ variantId, quantity: 1 }]);
    const unpaid = await shop.checkout(cart, { paymentMethod: 'manual' });
    expect(await listOf({ id: unpaid.body.order.id, token: cart.token })).toEqual([]);
    expect(
      outcome(await shop.call('POST', `/v1/admin/orders/${unpaid.body.order.id}/downloads`, { bearer: owner })),
    ).toEqual([409, 'order_not_deliverable']);
  });

  it('are downloaded as often as the link allows, whatever the race, until staff give them out anew', async () => {
    const order = await bought(await book());
    const [file] = await ready(order);
    const race = await Promise.all(Array.from({ length: 20 }, () => get(file.url)));
    expect(race.filter((answer) => answer.status === 200)).toHaveLength(5);
    expect(race.filter((answer) => answer.status !== 200).map(outcome)).toEqual(
      Array.from({ length: 15 }, () => [410, 'download_limit_reached']),
    );
    expect((await listOf(order))[0]).toMatchObject({ downloads: 5, remaining: 0, available: false, url: null });
    const path = `/v1/admin/orders/${order.id}/downloads`;
    expect(outcome(await shop.call('POST', path, { bearer: await shop.staff('viewer') }))).toEqual([403, 'forbidden']);
    const renewed = await shop.call('POST', path, { bearer: owner });
    expect([renewed.status, renewed.body.data[0].remaining, renewed.body.data[0].url]).toEqual([200, 5, undefined]);
    const [again] = await listOf(order);
    expect(again.url).not.toBe(file.url);
    expect((await get(again.url)).status).toBe(200);
    await shop.db.query(`UPDATE order_downloads SET expires_at = now() - interval '1 second' WHERE order_id = $1`, [
      decodeId('order', order.id),
    ]);
    expect(outcome(await get(again.url))).toEqual([410, 'download_expired']);
  });

  it('go on where a download broke off, without counting again, and looking takes nothing', async () => {
    const order = await bought(await book());
    const [file] = await ready(order);
    expect((await get(file.url, {}, 'HEAD')).headers.get('content-length')).toBe(String(CONTENT.length));
    // Nobody begins in the middle.
    expect(outcome(await get(file.url, { Range: 'bytes=5-' }))).toEqual([410, 'download_limit_reached']);
    const first = await get(file.url, { Range: 'bytes=0-4' });
    expect([first.status, first.bytes.toString(), first.headers.get('content-range')]).toEqual([
      206,
      '%PDF ',
      `bytes 0-4/${CONTENT.length}`,
    ]);
    const rest = await get(file.url, { Range: 'bytes=5-', 'If-Range': first.headers.get('etag')! });
    expect(Buffer.concat([first.bytes, rest.bytes]).equals(CONTENT)).toBe(true);
    expect(outcome(await get(file.url, { Range: `bytes=${CONTENT.length}-` }))).toEqual([400, 'range_not_satisfiable']);
    expect((await listOf(order))[0].downloads).toBe(1);
  });

  it('are taken back with the money, and while a payment is disputed', async () => {
    const order = await bought(await book());
    const [file] = await ready(order);
    const id = decodeId('order', order.id);
    await shop.until(async () => (await shop.order(order.id, order.token)).status === 'completed', 'the fulfillment');
    await shop.db.query(`UPDATE orders SET disputed = true WHERE id = $1`, [id]);
    expect(outcome(await get(file.url))).toEqual([410, 'download_revoked']);
    await shop.db.query(`UPDATE orders SET disputed = false WHERE id = $1`, [id]);
    expect((await get(file.url)).status).toBe(200);
    const refund = await shop.call('POST', `/v1/admin/orders/${order.id}/refunds`, {
      bearer: owner,
      body: {},
      key: newUuid(),
    });
    expect(refund.status).toBe(201);
    await shop.until(async () => (await shop.order(order.id, order.token)).paymentStatus === 'refunded', 'the refund');
    expect(outcome(await get(file.url))).toEqual([410, 'download_revoked']);
    expect((await listOf(order))[0]).toMatchObject({ available: false, url: null });
  });

  it('come with things that are shipped, which are not fulfilled by them', async () => {
    const order = await bought(await book(), await shop.product({ stock: 3 }));
    await ready(order);
    expect(await shop.order(order.id, order.token)).toMatchObject({
      status: 'confirmed',
      fulfillmentStatus: 'unfulfilled',
    });
  });

  it('are listed, kept for who bought them when they are sold no longer, and added to orders by staff', async () => {
    const variantId = await book();
    const path = await filesOf(variantId);
    const order = await bought(variantId);
    const [old] = await ready(order);
    const [{ id }] = (await shop.call('GET', path, { bearer: owner })).body.data;
    expect((await shop.call('DELETE', `${path}/${id}`, { bearer: owner })).status).toBe(204);
    expect(outcome(await shop.call('DELETE', `${path}/${id}`, { bearer: owner }))).toEqual([404, 'not_found']);
    expect((await get(old.url)).status).toBe(200);
    await upload(path, Buffer.from('second edition'), 'second.pdf');
    await shop.call('POST', `/v1/admin/orders/${order.id}/downloads`, { bearer: owner });
    expect((await listOf(order)).map((file: any) => file.fileName)).toEqual(['book.pdf', 'second.pdf']);
    const audit = await shop.call('GET', `/v1/admin/audit-log?recordId=${id}`, { bearer: owner });
    expect(audit.body.data.map((entry: any) => entry.action)).toEqual(['update', 'insert']);
  });

  it('are refused without a file, for foreign variants, when too large; names lead nowhere', async () => {
    const variantId = await shop.product({ stock: null, shipping: false });
    const path = await filesOf(variantId);
    expect(outcome(await upload(path, null))).toEqual([400, 'validation_failed']);
    expect(outcome(await upload(path, Buffer.alloc(0)))).toEqual([400, 'validation_failed']);
    const foreign = path.replace(variantId, await shop.product({ stock: null }));
    expect(outcome(await upload(foreign, CONTENT))).toEqual([404, 'not_found']);
    expect(outcome(await upload(path, Buffer.alloc(100 * 1024 * 1024 + 1)))).toEqual([413, 'payload_too_large']);
    const strange = await upload(path, CONTENT, '../../../etc/pass\u202Ewd');
    expect([strange.status, strange.body.name]).toEqual([201, 'passwd']);
    expect((await upload(path, CONTENT, '..')).body.name).toBe('file');
    // Only what was taken in lies there, under ids.
    const [count] = await shop.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM variant_files`);
    const names = readdirSync(join(shop.config.dataDir, 'digital'));
    expect(names).toHaveLength(count!.n);
    expect(names.every((name) => /^[0-9a-f-]{36}$/.test(name))).toBe(true);
  });
});
