import { writeFileSync } from 'node:fs';
import { newUuid } from '#libs/ids';
import { Contract } from '../support/contract.js';
import { seedDemoShop } from '../../src/db/seed/seed-demo-shop.js';
import { Shop } from '../support/shop.js';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_101);
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? (process.env.EMPORIUM_TEST_FULL ? 20_000 : 2_000));
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  example?: unknown;
  minimum?: number;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
  example?: unknown;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  responses: Record<string, { $ref?: string }>;
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Document {
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>;
  components: { schemas: Record<string, Schema> };
}

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ODD_TEXTS = [
  '', ' ', '0', '-1', '1.5', 'null', 'true', '\u202Eevil', '😀'.repeat(40), 'a'.repeat(300), "'; SELECT pg_sleep(9); --", '%', '_', '\\',
  '../../etc/passwd', '<script>', 'cart_00000000000000000000000000', 'ord_7zzzzzzzzzzzzzzzzzzzzzzzzz', 'toString', '__proto__',
  '9007199254740993', '1e400', '99999999999999999999', '2026-13-45', '0000-01-01T00:00:00Z', '9999-12-31T23:59:60Z',
]; // prettier-ignore
const ODD_VALUES: unknown[] = [
  ...ODD_TEXTS, null, true, 0, -1, 1.5, 2_147_483_648, 9_007_199_254_740_992, 1e308, [], [[]], [null], {}, { a: 1 }, ['a', 1, {}],
  'nul \0 byte', '\uD800', { hasOwnProperty: 1 },
]; // prettier-ignore
const ODD_CURSORS = [
  'x',
  'e30',
  Buffer.from('{"k":"orders","d":"a","v":["0000-01-01T00:00:00Z","x"]}').toString('base64url'),
];
const ODD_HEADERS: Record<string, string>[] = [
  { 'If-Match': '*' }, { 'If-Match': '"0"' }, { 'If-Match': '"99999999999"' }, { 'If-Match': 'x' }, { 'If-Match': 'W/"1", "2"' },
  { 'If-None-Match': '*' }, { 'X-Currency': 'XXX' }, { 'X-Currency': 'JPY' }, { 'X-Currency': 'usd' }, { 'X-Country': 'ZZ' },
  { 'Accept-Language': '*;q=0' }, { 'Content-Type': 'text/plain' }, { 'Content-Type': 'application/x-www-form-urlencoded' },
  { 'Idempotency-Key': '"' }, { 'Idempotency-Key': 'k'.repeat(256) }, { 'Accept-Encoding': 'br;q=2, gzip' }, { Authorization: 'Bearer a.b.c' },
  { Authorization: 'Basic Og==' }, { 'X-Cart-Token': 'a'.repeat(1000) }, { 'X-Request-Id': '\u00ff'.repeat(5) }, { Accept: 'image/png' },
]; // prettier-ignore

/** Every route of both documents with odd input: never a 5xx, nothing invalid accepted, every answer as documented. */
describe('odd requests to every documented route', () => {
  let shop: Shop;
  let bearer: string;
  let token: string;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    shop = await Shop.start();
    bearer = await shop.staff();
    // Settings are changed at random, too: whatever the shop asks of its staff, this one may enter.
    await shop.db.query(
      `INSERT INTO two_factors (id, user_id, secret, confirmed_at) SELECT gen_random_uuid(), id, ''::bytea, now() FROM users`,
    );
    const variantId = await shop.product({ stock: 1000 });
    const cart = await shop.cart([{ variantId, quantity: 2 }]);
    const placed = await shop.checkout(await shop.cart([{ variantId, quantity: 1 }]), {
      paymentMethod: 'stripe',
      confirmationToken: 'pm_card_visa',
      returnUrl: 'http://localhost/done',
    });
    const read = await shop.call('GET', `/v1/carts/${cart.id}`, { token: cart.token });
    token = cart.token;
    Object.assign(ids, {
      var: variantId,
      cart: cart.id,
      line: read.body.lines[0].id,
      prod: read.body.lines[0].productId,
    });
    Object.assign(ids, { ord: placed.body.order.id, pay: placed.body.payment.id });
    // The examples of the documents are things of the demo shop.
    await shop.db.query('UPDATE carts SET shipping_method_id = NULL');
    await shop.db.query('DELETE FROM shipping_zones');
    await seedDemoShop(shop.app, shop.config);
    for (const kind of ['var', 'prod']) delete ids[kind];
  });
  afterAll(async () => {
    await shop?.stop();
  });

  it(
    `answers ${REQUESTS} of them as the contract says (seed ${SEED})`,
    async () => {
      const random = seeded(SEED);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
      const documents = await Promise.all(
        ['/openapi.json', '/openapi-admin.json'].map(async (path) => (await shop.call<Document>('GET', path)).body),
      );
      const operations = documents.flatMap((document) => {
        const contract = new Contract(document as never);
        return Object.entries(document.paths).flatMap(([path, item]) =>
          METHODS.flatMap((method) =>
            item[method] ? [{ path, method, operation: item[method], document, contract }] : [],
          ),
        );
      });
      expect(operations.length).toBeGreaterThan(50);

      const idFor = (schema: Schema & { pattern?: string }): string | undefined =>
        ids[/^\^([a-z]+)_/.exec(schema.pattern ?? '')?.[1] ?? ''];
      /** A value that fits the schema, as far as a schema can tell. */
      const sample = (schema: Schema | undefined, document: Document, depth = 0): unknown => {
        if (!schema || depth > 6) return null;
        if (schema.$ref) return sample(document.components.schemas[schema.$ref.split('/').pop()!], document, depth + 1);
        const alternatives = schema.allOf ?? schema.oneOf ?? schema.anyOf;
        if (alternatives) return sample(alternatives[0], document, depth + 1);
        const known = idFor(schema);
        if (known) return known;
        if (schema.example !== undefined) return schema.example;
        if (schema.enum) return pick(schema.enum);
        const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
        if (type === 'array') return [sample(schema.items, document, depth + 1)];
        if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
        if (type === 'boolean') return random() < 0.5;
        if (type === 'string') return 'text';
        return Object.fromEntries(
          Object.entries(schema.properties ?? {})
            .filter(([name]) => schema.required?.includes(name) || random() < 0.5)
            .map(([name, property]) => [name, sample(property, document, depth + 1)]),
        );
      };
      /** The same value with one thing in it made odd. */
      const damage = (value: unknown): unknown => {
        if (Array.isArray(value) && value.length > 0 && random() < 0.7) return [damage(value[0]), ...value.slice(1)];
        if (typeof value === 'object' && value !== null && Object.keys(value).length > 0 && random() < 0.8) {
          const name = pick(Object.keys(value));
          if (random() < 0.15)
            return { ...value, [pick(['unknownField', 'toString', 'hasOwnProperty', 'id', 'status'])]: 1 };
          return { ...value, [name]: damage((value as Record<string, unknown>)[name]) };
        }
        return pick(ODD_VALUES);
      };

      const request = (target: (typeof operations)[number]) => {
        const { path, method, operation, document } = target;
        const parameters = operation.parameters ?? [];
        const mode = pick(['plain', 'path', 'query', 'body', 'body', 'headers'] as const);
        const valueOf = (p: Parameter) => String((p.example ?? sample(p.schema, document) ?? 'x') as string);
        const pathParameters = parameters.filter((p) => p.in === 'path');
        const odd = mode === 'path' && pathParameters.length > 0 ? pick(pathParameters).name : undefined;
        const url = pathParameters.reduce(
          (at, p) => at.replace(`{${p.name}}`, encodeURIComponent(p.name === odd ? pick(ODD_TEXTS) : valueOf(p))),
          path,
        );
        const query = new URLSearchParams();
        for (const p of parameters.filter((q) => q.in === 'query')) {
          if (mode === 'query' && random() < 0.5) {
            for (let i = random() < 0.2 ? 2 : 1; i > 0; i -= 1)
              query.append(p.name, pick(p.name === 'cursor' ? ODD_CURSORS : ODD_TEXTS));
          } else if (p.required) query.append(p.name, valueOf(p));
        }
        if (mode === 'query' && random() < 0.1) query.append('nonsense', '1');
        const headers: Record<string, string> = { Authorization: `Bearer ${bearer}`, 'X-Cart-Token': token };
        for (const p of parameters.filter((h) => h.in === 'header' && h.required)) headers[p.name] = valueOf(p);
        headers['Idempotency-Key'] = `fuzz-${newUuid()}`;
        const schema = operation.requestBody?.content['application/json']?.schema;
        let body: string | undefined;
        if (schema) {
          const value = sample(schema, document);
          body = JSON.stringify(mode === 'body' ? damage(value) : value);
          headers['Content-Type'] = 'application/json';
          if (mode === 'body' && random() < 0.05)
            body = pick(['', '{', '[]', 'null', '"a"', '{"a":'.repeat(40) + '1' + '}'.repeat(40)]);
        }
        if (mode === 'headers') {
          Object.assign(headers, pick(ODD_HEADERS));
          if (random() < 0.3) delete headers[pick(Object.keys(headers))];
        }
        const search = query.size > 0 ? `?${query.toString()}` : '';
        return { method: method.toUpperCase(), url: `${url}${search}`, headers, body };
      };

      const faults: string[] = [];
      let successes = 0;
      const send = async (target: (typeof operations)[number]) => {
        const sent = request(target);
        const answer = await fetch(`${shop.url}${sent.url}`, {
          method: sent.method,
          headers: sent.headers,
          ...(sent.body === undefined ? {} : { body: sent.body }),
          redirect: 'manual',
        });
        const text = await answer.text();
        const type = answer.headers.get('content-type') ?? '';
        const fault = (why: string) =>
          faults.push(
            `${why}: ${sent.method} ${sent.url} ${JSON.stringify(sent.headers)} ${sent.body} → ${answer.status} ${type} ${text.slice(0, 300)}`,
          );
        const heard = { status: answer.status, contentType: type, text };
        const wrong = target.contract.faultOf(target.operation as never, heard);
        if (wrong) fault(wrong);
        if (answer.status < 300) {
          successes += 1;
          const accepted = sent.body && target.contract.bodyMismatch(target.operation as never, JSON.parse(sent.body));
          if (accepted) fault(`accepted although ${accepted}`);
        }
        if (!answer.headers.get('x-request-id')) fault('no request id');
      };
      // Each operation in turn, so that none is left out; a few at a time, as clients do.
      const plan = Array.from({ length: REQUESTS }, (_, i) => operations[i % operations.length]!);
      for (let i = 0; i < plan.length; i += 6) await Promise.all(plan.slice(i, i + 6).map(send));
      if (process.env.FUZZ_REPORT) writeFileSync(process.env.FUZZ_REPORT, faults.join('\n'));
      expect(faults).toEqual([]);
      expect(successes).toBeGreaterThan(REQUESTS / 10);
    },
    60_000 + REQUESTS * 60,
  );
});
