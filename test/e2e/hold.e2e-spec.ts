import { StaffService } from '../../src/modules/auth/index.js';
import { seedDemoShop } from '../../src/db/seed/index.js';
import { createDocuments } from '../../src/docs/index.js';
import { Shop } from '../support/shop.js';

it('examples', async () => {
  const shop = await Shop.start({ env: { DEMO: '1', ADMIN_PASSWORD: 'velvet-otter-lantern-92' } });
  await shop.app.get(StaffService, { strict: false }).ensureFirstOwner();
  await seedDemoShop(shop.app, shop.config);
  const bearer = await shop.staff();
  const docs = createDocuments(shop.app);
  const schemaExample = (doc: any, schema: any): any => {
    if (!schema) return undefined;
    if (schema.$ref) return schemaExample(doc, doc.components.schemas[schema.$ref.split('/').pop()]);
    if (schema.example !== undefined) return schema.example;
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((s: any) => schemaExample(doc, s)));
    if (schema.anyOf) return schemaExample(doc, schema.anyOf[0]);
    if (schema.properties) return Object.fromEntries(Object.entries(schema.properties).map(([k, v]) => [k, schemaExample(doc, v)]).filter(([, v]) => v !== undefined));
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    if (type === 'array') return [schemaExample(doc, schema.items)];
    if (schema.enum) return schema.enum[0];
    if (type === 'string') return 'string';
    if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
    if (type === 'boolean') return true;
    return undefined;
  };
  const out: string[] = [];
  let cart: any;
  for (const doc of [docs.storefront, docs.staff] as any[]) {
    for (const [path, item] of Object.entries<any>(doc.paths)) {
      for (const [method, op] of Object.entries<any>(item)) {
        for (const turn of [1, 2]) {
          let url = path;
          const headers: Record<string, string> = {};
          const query = new URLSearchParams();
          for (const p of op.parameters ?? []) {
            const example = p.example ?? p.schema?.example ?? p.schema?.default;
            if (p.in === 'path') url = url.replace(`{${p.name}}`, String(example ?? 'MISSING'));
            if (p.in === 'query' && p.required) query.set(p.name, String(example));
            if (p.in === 'query' && example !== undefined && !p.required) query.set(p.name, String(example));
            if (p.in === 'header' && p.name === 'Idempotency-Key') headers[p.name] = crypto.randomUUID();
          }
          if ((op.parameters ?? []).some((p: any) => p.name === 'If-Match')) {
            const got = await shop.call('GET', url, { bearer, token: cart?.token });
            if (got.headers.get('etag')) headers['If-Match'] = got.headers.get('etag')!;
          }
          const content = op.requestBody?.content;
          const body = content?.['application/json'] ? (content['application/json'].example ?? schemaExample(doc, content['application/json'].schema)) : undefined;
          const q = query.toString();
          const answer = await shop.call(method.toUpperCase(), q ? `${url}?${q}` : url, { body, headers, bearer: op.security?.some((s: any) => s.bearer) ? bearer : undefined, token: op.security?.some((s: any) => s.cartToken) ? cart?.token ?? 'cart-token-unknown' : undefined });
          if (op.operationId === 'createCart' && answer.status === 201) cart = answer.body;
          if (turn === 2 || answer.status >= 400) out.push(`${turn} ${op.operationId} ${method} ${url}${q ? '?' + q : ''} ${Object.keys(content ?? {})} → ${answer.status} ${answer.status >= 400 ? JSON.stringify(answer.body.code ?? answer.body) + JSON.stringify(answer.body.errors ?? answer.body.detail ?? '') : ''}`);
        }
      }
    }
  }
  console.log(out.join('\n'));
  await new Promise((r) => setTimeout(r, Number(process.env.HOLD ?? 0)));
  await shop.stop();
}, 3_600_000);
