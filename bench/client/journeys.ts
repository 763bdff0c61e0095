import { randomUUID } from 'node:crypto';
import type { Floor, Journey, ScaleWalk } from '../options.js';
import type { Random } from '../random.js';
import { CATEGORIES, WEIGHTS } from '../shop/words.js';
import type { Answer, Connection } from './connection.js';

/** What the journeys choose from. */
export interface Wares {
  pages: number;
  /** Ids and handles as shoppers see them, and as the floor has them. */
  products: { handle: string; uuid: string }[];
  variants: { id: string; uuid: string }[];
  queries: string[];
}

/** One whole journey of one shopper. Throws when any answer is not what it must be. */
export type Walk = (connection: Connection, random: Random, wares: Wares) => Promise<void>;

const FIRST = ['Ada', 'Grace', 'Alan', 'Mary', 'Linus', 'Barbara', 'Tim', 'Radia', 'Ken', 'Hedy'];
const LAST = ['Lovelace', 'Hopper', 'Turing', 'Shelley', 'Berg', 'Liskov', 'Lee', 'Perlman', 'Olson', 'Lamarr'];
const CITIES = [
  { city: 'Springfield', state: 'IL', postalCode: '62701' },
  { city: 'Portland', state: 'OR', postalCode: '97201' },
  { city: 'Austin', state: 'TX', postalCode: '78701' },
  { city: 'Sacramento', state: 'CA', postalCode: '94203' },
];

interface Shopper {
  email: string;
  shippingAddress: Record<string, string>;
}

function shopper(random: Random): Shopper {
  const firstName = random.pick(FIRST);
  const lastName = random.pick(LAST);
  return {
    email: `${firstName}.${lastName}${random.below(100_000)}@example.com`.toLowerCase(),
    shippingAddress: {
      firstName,
      lastName,
      line1: `${1 + random.below(900)} Main Street`,
      ...random.pick(CITIES),
      country: 'US',
    },
  };
}

function twoVariants(random: Random, wares: Wares): Wares['variants'] {
  const first = random.below(wares.variants.length);
  const second = (first + 1 + random.below(wares.variants.length - 1)) % wares.variants.length;
  return [wares.variants[first]!, wares.variants[second]!];
}

function expect(answer: Answer, status: number, what: string): Answer {
  if (answer.status !== status) throw new Error(`${what}: ${answer.status} ${answer.body.slice(0, 300)}`);
  return answer;
}

const json = <T>(answer: Answer) => JSON.parse(answer.body) as T;

function cartOf(answer: Answer): { id: string; token: string } {
  const [id] = answer.texts('{"id":"');
  const [token] = answer.texts('"token":"');
  if (!id || !token) throw new Error(`no cart: ${answer.body.slice(0, 300)}`);
  return { id, token };
}

/** The shop's journeys, over its public API. */
export const SHOP_WALKS: Record<Journey, Walk> = {
  async list(connection, random, { pages }) {
    expect(await connection.request('GET', `/v1/products?page=${1 + random.below(pages)}`), 200, 'list');
  },
  async detail(connection, random, { products }) {
    expect(await connection.request('GET', `/v1/products/${random.pick(products).handle}`), 200, 'detail');
  },
  async search(connection, random, { queries }) {
    const q = encodeURIComponent(random.pick(queries));
    expect(await connection.request('GET', `/v1/products?q=${q}`), 200, 'search');
  },
  async cart(connection, random, { variants }) {
    const made = expect(await connection.request('POST', '/v1/carts', '', '{}'), 201, 'make a cart');
    const { id, token } = cartOf(made);
    const line = JSON.stringify({ variantId: random.pick(variants).id, quantity: 1 + random.below(3) });
    const added = await connection.request('POST', `/v1/carts/${id}/lines`, `X-Cart-Token: ${token}\r\n`, line);
    expect(added, 201, 'add a line');
  },
  async checkout(connection, random, wares) {
    const lines = twoVariants(random, wares).map(({ id }) => ({ variantId: id, quantity: 1 + random.below(3) }));
    const made = await connection.request('POST', '/v1/carts', '', JSON.stringify({ lines, ...shopper(random) }));
    const { id, token } = cartOf(expect(made, 201, 'make a cart'));
    const credential = `X-Cart-Token: ${token}\r\n`;
    const offered = await connection.request('GET', `/v1/carts/${id}/shipping-methods`, credential);
    const methods = expect(offered, 200, 'shipping methods').texts('{"id":"');
    const choice = JSON.stringify({ shippingMethodId: random.pick(methods) });
    expect(await connection.request('PATCH', `/v1/carts/${id}`, credential, choice), 200, 'choose a shipping method');
    const key = `${credential}Idempotency-Key: ${randomUUID()}\r\n`;
    const placed = await connection.request('POST', `/v1/carts/${id}/checkout`, key, '{"paymentMethod":"manual"}');
    const [status] = expect(placed, 201, 'check out').texts('"status":"');
    if (status !== 'confirmed') throw new Error(`the order is ${status}`);
  },
};

/** The same work asked of the bare server, each in one request. */
export const FLOOR_WALKS: Record<Floor, Walk> = {
  async list(connection, random, { pages }) {
    expect(await connection.request('GET', `/list?page=${1 + random.below(pages)}`), 200, 'list');
  },
  async detail(connection, random, { products }) {
    expect(await connection.request('GET', `/detail?handle=${random.pick(products).handle}`), 200, 'detail');
  },
  async cart(connection, random, { variants }) {
    const body = JSON.stringify({ variantId: random.pick(variants).uuid, quantity: 1 + random.below(3) });
    expect(await connection.request('POST', '/cart', '', body), 201, 'cart');
  },
  async order(connection, random, wares) {
    const lines = twoVariants(random, wares).map(({ uuid }) => ({ variantId: uuid, quantity: 1 + random.below(3) }));
    const body = JSON.stringify({ lines, ...shopper(random) });
    expect(await connection.request('POST', '/order', '', body), 201, 'order');
  },
};

const found = async (connection: Connection, path: string) => expect(await connection.request('GET', path), 200, path);

/** What shoppers do in a large catalog. */
export const SCALED_WALKS: Record<ScaleWalk, Walk> = {
  async list(connection, random, { pages }) {
    await found(connection, `/v1/products?page=${1 + random.below(Math.min(pages, 50))}`);
  },
  async cursor(connection, random) {
    const list = `/v1/products?sort=${random.pick(['price', '-price', 'title'])}`;
    let cursor = '';
    for (let page = 0; page < 3; page += 1) {
      const answer = await found(connection, `${list}${cursor}`);
      cursor = `&cursor=${json<{ page: { next: string } }>(answer).page.next}`;
    }
  },
  detail: SHOP_WALKS.detail,
  async suggest(connection, random, { queries }) {
    await found(connection, `/v1/search/suggest?q=${encodeURIComponent(random.pick(queries).slice(0, 12))}`);
  },
  search: SHOP_WALKS.search,
  async facets(connection, random, { queries }) {
    await found(connection, `/v1/products/facets?q=${encodeURIComponent(random.pick(queries))}`);
  },
  async ranges(connection, random) {
    const lightest = random.below(WEIGHTS);
    // Of ten shoppers one wants a tenth of all weights, the others a fiftieth.
    const heaviest = lightest + WEIGHTS / (random.below(10) === 0 ? 10 : 50);
    await found(connection, `/v1/products/facets?attribute.weight[gte]=${lightest}&attribute.weight[lte]=${heaviest}`);
  },
  async narrowed(connection, random) {
    // Any price from a third to two thirds of the dearest: each shopper another one, so that no kept answer serves.
    const most = 10_000 + random.below(10_000);
    const category = random.pick(CATEGORIES).toLowerCase();
    await found(connection, `/v1/products/facets?category=${category}&price[lte]=${most}`);
  },
  async allFacets(connection) {
    await found(connection, '/v1/products/facets');
  },
  async categories(connection) {
    await found(connection, '/v1/categories');
  },
};
