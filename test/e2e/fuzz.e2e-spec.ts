import { writeFileSync } from 'node:fs';
import { newUuid } from '#libs/ids';
import { WELL_KNOWN } from '../../src/db/seed/index.js';
import {
  damage,
  NOT_TO_BE_SET,
  ODD_CURSORS,
  ODD_HEADERS,
  ODD_TEXTS,
  seeded,
  SQL_IN_A_LITERAL,
} from '../support/fuzz/oddities.js';
import {
  type Document,
  namesOf,
  type Parameter,
  sampleOf,
  type Target,
  targetsOf,
} from '../support/fuzz/operations.js';
import { type Prepared, RECIPES } from '../support/fuzz/recipes.js';
import { Records } from '../support/fuzz/records.js';
import { World } from '../support/fuzz/world.js';
import { CLIENT, IdentityProvider } from '../support/identity-provider.js';
import { Shop } from '../support/shop.js';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_101);
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? (process.env.EMPORIUM_TEST_FULL ? 20_000 : 2_000));
/** Operations of which none has to work: what few shops have. A new one has to be reached, or others stop being reached. */
const UNREACHED_AT_MOST = 12;

/** What staff do without changing anything: looking ahead, asking Stripe or reading what it said again, releasing what nobody holds. */
const NOTHING_CHANGES = [
  'previewPromotions',
  'previewShipping',
  'syncPayment',
  'replayWebhookReceipt',
  'releaseOrderHold',
];
/** What identity providers send back is for OAuth 2.0 to say: it may have more in it. */
const QUERIES_OF_OTHERS = ['receiveSignIn'];
/** Others may have set by chance what was set already. */
const UNAUDITED_AT_MOST = 3;

type Mode = 'plain' | 'path' | 'query' | 'body' | 'headers';
interface Sent {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | FormData | URLSearchParams;
}

/** Every route of both documents, first as it is meant, then with odd input: never a 5xx, nothing invalid accepted, every answer as documented, every change of staff in the audit log. */
describe('requests to every documented route', () => {
  const publicUrl = 'http://api.shop.example';
  let shop: Shop;
  let world: World;
  let records: Records;
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await IdentityProvider.start([`${publicUrl}/v1/auth/oidc/google/callback`]);
    shop = await Shop.start({
      env: {
        PUBLIC_URL: publicUrl,
        OIDC_PROVIDERS: 'google',
        OIDC_GOOGLE_ISSUER: provider.issuer,
        OIDC_GOOGLE_CLIENT_ID: CLIENT.id,
        OIDC_GOOGLE_CLIENT_SECRET: CLIENT.secret,
        RATE_LIMIT_LOGINS_PER_MIN: '1000000',
      },
    });
    world = await World.open(shop);
    records = await Records.of(shop.db);
  }, 120_000);
  afterAll(async () => {
    await shop?.stop();
    await provider?.stop();
  });

  it(
    `answers ${REQUESTS} of them as the contract says (seed ${SEED})`,
    async () => {
      const random = seeded(SEED);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
      const documents = await Promise.all(
        ['/openapi.json', '/openapi-admin.json'].map(async (path) => (await shop.call<Document>('GET', path)).body),
      );
      const targets = targetsOf(documents);
      expect(targets.length).toBeGreaterThan(250);
      const faults: string[] = [];
      const reached = new Set<string>();
      const missed = new Map<string, string>();
      /** Requests of staff that changed something, by operation. */
      const changes = new Map<string, string[]>();
      let turn = 0;

      const prefixOf = (parameter: Parameter) => /^\^([a-z]+)_/.exec(parameter.schema?.pattern ?? '')?.[1] ?? '';
      /** Things that exist in the place of examples that name what a demo shop has not; names that are not taken yet. */
      const alive = async (value: unknown, isNew: boolean, depth = 0): Promise<unknown> => {
        if (Array.isArray(value)) return Promise.all(value.map((part) => alive(part, isNew, depth + 1)));
        if (typeof value === 'string') {
          const [, prefix] = /^([a-z]+)_0{26}$/.exec(value) ?? [];
          return prefix ? ((await records.idOf(prefix, random())) ?? value) : value;
        }
        if (typeof value !== 'object' || value === null) return value;
        const entries = await Promise.all(
          Object.entries(value).map(async ([name, part]) => {
            if (depth === 0 && typeof part === 'string') {
              if (['handle', 'name', 'title', 'code'].includes(name) && isNew) return [name, `${part}-${turn}`];
              if (name === 'email' && isNew) return [name, `n${turn}-${part}`];
            }
            return [name, await alive(part, isNew, depth + 1)];
          }),
        );
        return Object.fromEntries(entries) as unknown;
      };

      const credentials = ({ path }: Target): Record<string, string> =>
        path.startsWith('/v1/admin')
          ? { Authorization: `Bearer ${world.owner.bearer}` }
          : path.startsWith('/v1/me') || random() < 0.3
            ? { Authorization: `Bearer ${world.customer.bearer}` }
            : {};

      const fill = (path: string, ids: Record<string, string>) =>
        path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? 'x'));

      /** The version of what a request changes, as a client has it that has just read it. */
      const etagOf = async (
        target: Target,
        url: string,
        headers: Record<string, string>,
      ): Promise<string | undefined> => {
        const readable = (path: string) => target.document.paths[path]?.get !== undefined;
        for (const levels of [0, 1]) {
          if (!readable(upwards(target.path, levels))) continue;
          const etag = (await shop.call('GET', upwards(url, levels), { headers })).headers.get('etag');
          if (etag) return etag;
        }
        return undefined;
      };

      const build = async (target: Target, mode: Mode, prepared: Prepared): Promise<Sent> => {
        const { path, method, operation, document } = target;
        const parameters = operation.parameters ?? [];
        const known = new Map<string, string | undefined>();
        const content = operation.requestBody?.content ?? {};
        const valueOf = (p: Parameter) =>
          String((p.example ?? sampleOf(p.schema, document, random, (prefix) => known.get(prefix)) ?? 'x') as string);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
          parameters.find((p) => p.in === 'path' && p.name === name)!,
        );
        const typed = inPath.map((p) => ({ name: p.name, prefix: prefixOf(p) })).filter(({ prefix }) => prefix !== '');
        const owner = path.startsWith('/v1/me') ? { customerId: world.customer.id } : null;
        const ids: Record<string, string> = {
          ...Object.fromEntries(inPath.map((p) => [p.name, wellKnown(path, p.name) ?? valueOf(p)])),
          ...(await records.pathOf(typed, method === 'get' ? random() : 0, owner, [world.owner.id, world.customer.id])),
          ...prepared.ids,
        };
        if (mode === 'path' && inPath.length > 0) ids[pick(inPath).name] = pick(ODD_TEXTS);
        const query = new URLSearchParams(prepared.query);
        for (const p of parameters.filter((q) => q.in === 'query')) {
          if (mode === 'query' && random() < 0.5) {
            for (let i = random() < 0.2 ? 2 : 1; i > 0; i -= 1)
              query.append(p.name, pick(p.name === 'cursor' ? ODD_CURSORS : ODD_TEXTS));
          } else if (p.required) query.append(p.name, valueOf(p));
        }
        if (mode === 'query' && random() < 0.1) query.append('nonsense', '1');
        const url = fill(path, ids);
        const headers: Record<string, string> = { ...(prepared.headers ?? credentials(target)) };
        for (const name of Object.keys(headers)) if (headers[name] === '') delete headers[name];
        if (path.startsWith('/v1/admin') && !headers.Authorization) Object.assign(headers, credentials(target));
        if (
          method !== 'get' &&
          parameters.some((p) => p.in === 'header' && p.name === 'If-Match') &&
          !headers['If-Match']
        ) {
          const etag = await etagOf(target, url, headers);
          if (etag) headers['If-Match'] = etag;
        }
        for (const p of parameters.filter((h) => h.in === 'header' && h.required)) headers[p.name] ??= valueOf(p);
        headers['Idempotency-Key'] = `fuzz-${newUuid()}`;
        let body: Sent['body'] = prepared.form ?? prepared.text;
        const json = content['application/json'];
        if (json && body === undefined) {
          for (const prefix of JSON.stringify(json.schema).matchAll(/\^([a-z]+)_/g))
            known.set(prefix[1]!, await records.idOf(prefix[1]!, random()));
          const [shown] = Object.values((json as { examples?: Record<string, { value: unknown }> }).examples ?? {});
          const example = json.example ?? shown?.value;
          const isShown = mode === 'plain' || random() < 0.5;
          const value =
            prepared.body ??
            (example !== undefined && isShown
              ? await alive(example, turn > 0 || method === 'patch')
              : sampleOf(json.schema, document, random, (prefix) => known.get(prefix)));
          body = JSON.stringify(mode === 'body' ? damage(value, random) : value);
          headers['Content-Type'] = 'application/json';
          if (mode === 'body' && random() < 0.05)
            body = pick(['', '{', '[]', 'null', '"a"', '{"a":'.repeat(40) + '1' + '}'.repeat(40)]);
        }
        if (mode === 'headers') {
          Object.assign(headers, pick(ODD_HEADERS));
          if (random() < 0.3) delete headers[pick(Object.keys(headers))];
        }
        const search = query.size > 0 ? `?${query.toString()}` : '';
        return {
          method: method.toUpperCase(),
          url: `${url}${search}`,
          headers,
          ...(body === undefined ? {} : { body }),
        };
      };

      /** The same request once more, with what is not to be set beside the rest: refused, and every bit of it is named. */
      const assign = async (target: Target, sent: Sent, fault: (why: string) => number) => {
        const schema = target.operation.requestBody?.content['application/json']?.schema;
        if (!schema || typeof sent.body !== 'string' || sent.headers['Content-Type'] !== 'application/json') return;
        const known = namesOf(schema, target.document);
        const extra = Object.entries(NOT_TO_BE_SET).filter(([name]) => !known.includes(name));
        const body = { ...(JSON.parse(sent.body) as object), ...Object.fromEntries(extra) };
        const headers = { ...sent.headers, 'Idempotency-Key': newUuid() };
        const answer = await fetch(`${shop.url}${sent.url}`, { ...sent, headers, body: JSON.stringify(body) });
        // It has just ended its own session.
        if (answer.status === 401) return;
        const { errors = [] } = (await answer.json().catch(() => ({}))) as { errors?: { pointer: string }[] };
        const named = errors.map(({ pointer }) => pointer.slice(1));
        const taken = extra.map(([name]) => name).filter((name) => !named.includes(name));
        if (answer.status !== 400 || taken.length > 0)
          fault(`with ${taken.join(', ')} in the body it is ${answer.status}, not refused`);
      };

      /** The same request with each text of the query in the shape of SQL: none may become a part of a statement. */
      const inject = async ({ operation }: Target, sent: Sent, fault: (why: string) => number) => {
        const texts = (operation.parameters ?? []).filter(
          ({ in: place, schema }) =>
            place === 'query' &&
            (schema?.type === 'string' || schema?.type === 'array') &&
            !schema.enum &&
            !schema.pattern,
        );
        for (const { name } of texts) {
          const url = new URL(sent.url, shop.url);
          url.searchParams.set(name, SQL_IN_A_LITERAL);
          const answer = await fetch(url, { ...sent, redirect: 'manual' });
          if (answer.status >= 500) fault(`with SQL as ${name} it is ${answer.status}`);
        }
      };

      const send = async (target: Target, mode: Mode, isPrepared: boolean) => {
        const { operation, contract } = target;
        const recipe = isPrepared ? RECIPES[operation.operationId] : undefined;
        let prepared: Prepared = {};
        try {
          prepared = (await recipe?.(world, provider)) ?? {};
        } catch (error) {
          // Settings are odd after a while, and then what it needs may not be had.
          missed.set(operation.operationId, String(error));
        }
        const sent = await build(target, mode, prepared);
        const startedAt = performance.now();
        const answer = await fetch(`${shop.url}${sent.url}`, { ...sent, redirect: 'manual' });
        const text = await answer.text();
        const type = answer.headers.get('content-type') ?? '';
        const body = typeof sent.body === 'string' ? sent.body : sent.body === undefined ? '' : 'a form';
        const what = `${sent.method} ${sent.url} ${JSON.stringify(sent.headers)} ${body} → ${answer.status} ${type} ${text.slice(0, 300)}`;
        const fault = (why: string) => faults.push(`${why}: ${what}`);
        const wrong = contract.faultOf(operation as never, { status: answer.status, contentType: type, text });
        if (wrong) fault(wrong);
        const id = operation.operationId;
        if (answer.status < 400) reached.add(id);
        else if (mode === 'plain' && !reached.has(id)) missed.set(id, `${missed.get(id) ?? ''} ${what}`);
        if (
          answer.status < 300 &&
          typeof sent.body === 'string' &&
          sent.headers['Content-Type'] === 'application/json'
        ) {
          const accepted = contract.bodyMismatch(operation as never, parsed(sent.body));
          if (accepted) fault(`accepted although ${accepted}`);
        }
        if (answer.status < 400 && !QUERIES_OF_OTHERS.includes(id)) {
          const accepted = contract.queryMismatch(operation as never, new URL(sent.url, shop.url).searchParams);
          if (accepted) fault(`accepted although ${accepted}`);
        }
        if (!answer.headers.get('x-request-id')) fault('no request id');
        if (target.path.startsWith('/v1/admin') && sent.method !== 'GET' && answer.status < 300)
          changes.set(id, [...(changes.get(id) ?? []), answer.headers.get('x-request-id')!]);
        // It is among the odd texts: whoever puts a text into a statement sleeps for as long.
        if (`${sent.url} ${body}`.includes('pg_sleep') && performance.now() - startedAt > 8_500)
          fault('it sleeps as it is told');
        if (turn === 0 && answer.status < 300) {
          await assign(target, sent, fault);
          if (sent.method === 'GET') await inject(target, sent, fault);
        }
      };

      // First each as it is meant, one after the other, so that what one makes is there for the next.
      for (const target of targets) await send(target, 'plain', true);
      // Then each in turn, so that none is left out; a few at a time, as clients do.
      const left = Array.from(
        { length: Math.max(0, REQUESTS - targets.length) },
        (_, i) => targets[i % targets.length]!,
      );
      for (let i = 0; i < left.length; i += 6) {
        turn += 1;
        const modes = left
          .slice(i, i + 6)
          .map(() => pick(['plain', 'path', 'query', 'body', 'body', 'headers'] as const));
        await Promise.all(left.slice(i, i + 6).map((target, j) => send(target, modes[j]!, random() < 0.25)));
      }
      const unreached = targets
        .filter(({ operation }) => !reached.has(operation.operationId))
        .map(({ operation }) => operation.operationId);
      const written = await shop.db.query<{ id: string }>(`SELECT DISTINCT request_id AS id FROM audit_log`);
      const known = new Set(written.map(({ id }) => id));
      const unaudited = [...changes].flatMap(([id, requests]) =>
        NOTHING_CHANGES.includes(id) || requests.some((request) => known.has(request)) ? [] : [id],
      );
      if (process.env.FUZZ_REPORT)
        writeFileSync(
          process.env.FUZZ_REPORT,
          [
            `unaudited: ${unaudited.join(', ')}`,
            ...faults,
            '',
            `${unreached.length} of ${targets.length} never worked:`,
            ...unreached.map((id) => `${id}: ${missed.get(id)}`),
          ].join('\n'),
        );
      expect(faults).toEqual([]);
      expect({ unaudited, tooMany: unaudited.length > UNAUDITED_AT_MOST }).toEqual({ unaudited, tooMany: false });
      expect({ unreached, tooMany: unreached.length > UNREACHED_AT_MOST }).toEqual({ unreached, tooMany: false });
    },
    60_000 + REQUESTS * 60,
  );

  it('leaves the books in balance', () => shop.settleUp(), 120_000);
});

/** What a body says; no body says as much as an empty object, and what is no JSON fits nothing. */
function parsed(body: string): unknown {
  try {
    return body === '' ? {} : (JSON.parse(body) as unknown);
  } catch {
    return undefined;
  }
}

const upwards = (path: string, levels: number) =>
  path
    .split('/')
    .slice(0, levels === 0 ? undefined : -levels)
    .join('/');

/** What is named by handles, and so not by what the documents say of ids. */
function wellKnown(path: string, name: string): string | undefined {
  if (name === 'provider') return 'google';
  if (name !== 'idOrHandle') return undefined;
  if (path.startsWith('/v1/categories')) return WELL_KNOWN.categoryHandle;
  if (path.startsWith('/v1/collections')) return WELL_KNOWN.collectionHandle;
  return WELL_KNOWN.productHandle;
}
