import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { cloneDatabase, emptyDatabase, type TestDatabase } from '../support/postgres.js';
import { shopCommand } from '../support/run-cli.js';
import { WELL_KNOWN } from '../../src/db/seed/index.js';
import { ADDRESS, type Answer, Shop } from '../support/shop.js';

let source: TestDatabase;
let folder: string;
let file: string;
let sourceEnv: Record<string, string>;
const others: TestDatabase[] = [];
const open: Shop[] = [];

async function openShop(database: TestDatabase): Promise<Shop> {
  const shop = await Shop.start({ database, stripe: false, env: { MANUAL_PAYMENTS: '1' } });
  open.push(shop);
  return shop;
}

async function closeShops(): Promise<void> {
  for (const shop of open.splice(0)) await shop.stop();
}

/** Another machine: a database and a data folder of its own. */
async function machine(make = emptyDatabase): Promise<{ env: Record<string, string>; url: string; dataDir: string }> {
  const database = await make();
  others.push(database);
  const dataDir = mkdtempSync(join(folder, 'machine-'));
  return { env: { DATABASE_URL: database.url, DATA_DIR: dataDir }, url: database.url, dataDir };
}

async function order(shop: Shop, variantId: string): Promise<Answer> {
  const { body: cart } = await shop.call('POST', '/v1/carts', {
    body: {
      lines: [{ variantId, quantity: 1 }],
      email: 'ada@example.com',
      shippingAddress: ADDRESS,
      shippingMethodId: WELL_KNOWN.shippingMethodId,
    },
  });
  return shop.checkout(cart, { paymentMethod: 'manual' });
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** A fingerprint of each table and sequence. */
async function contents(url: string): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'migrations' ORDER BY 1`,
    );
    const found: Record<string, string> = {};
    for (const { relname } of rows) {
      const all = await client.query(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS sum FROM "${relname}" t`,
      );
      found[relname] = all.rows[0].sum;
    }
    const sequences = await client.query(
      `SELECT sequencename, last_value FROM pg_sequences WHERE sequencename NOT LIKE 'migrations%'`,
    );
    for (const { sequencename, last_value } of sequences.rows) found[sequencename] = String(last_value);
    return found;
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'emporium-backup-'));
  file = join(folder, 'shop.backup');
  source = await cloneDatabase();
  const dataDir = join(folder, 'source');
  sourceEnv = { DATABASE_URL: source.url, DATA_DIR: dataDir };
  expect((await shopCommand(sourceEnv, 'seed')).code).toBe(0);
  const shop = await openShop(source);
  const variantId = await shop.product({ stock: 5, handle: 'tricky' });
  await shop.db.query(`UPDATE products SET title = $1, description_html = $2 WHERE handle = 'tricky'`, [
    'Tab\t, "quote", back\\slash, \\. and ünïcødé 🎁',
    '\\.\n\\N\n\\.\nlines\r\nand {"end":true}\n',
  ]);
  for (let i = 0; i < 2; i += 1) {
    expect((await order(shop, variantId)).status).toBe(201);
  }
  await shop.quiet();
  await closeShops();
  mkdirSync(join(dataDir, 'media', 'ab'), { recursive: true });
  writeFileSync(join(dataDir, 'media', 'ab', 'picture.png'), Buffer.from([0x89, 0x50, 0x0a, 0x5c, 0x2e, 0x0a, 0x00]));
  writeFileSync(join(dataDir, 'media', 'empty.png'), '');
  const made = await shopCommand(sourceEnv, 'backup', file);
  expect(made).toMatchObject({ code: 0, err: '' });
});
afterAll(async () => {
  for (const database of [source, ...others]) await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(closeShops);

it('a backup restored on another machine is the same shop', async () => {
  const other = await machine();
  const done = await shopCommand(other.env, 'restore', file);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toMatch(/orders +2\n/);
  expect(done.out).toMatch(/uploaded files +3\n/);
  expect(await contents(other.url)).toEqual(await contents(source.url));
  expect(readFileSync(join(other.dataDir, 'media/ab/picture.png'))).toEqual(
    readFileSync(join(sourceEnv.DATA_DIR!, 'media/ab/picture.png')),
  );
  expect(readFileSync(join(other.dataDir, 'media/empty.png'))).toHaveLength(0);
  expect((await shopCommand(other.env, 'books', '--grace', '0')).code).toBe(0);
});

it('the restored shop goes on: next order number, ledgers that only grow, stock of new variants', async () => {
  const other = await machine();
  await shopCommand(other.env, 'restore', file);
  const shop = await openShop(others.at(-1)!);
  const variantId = await shop.product({ stock: 5 });
  const { body } = await order(shop, variantId);
  expect(body.order.number).toBe('1003');
  await expect(shop.db.query(`UPDATE order_events SET type = 'x'`)).rejects.toThrow('append-only');
  await shop.balance();
});

it('never replaces a shop unasked, nor a backup', async () => {
  const other = await machine(cloneDatabase);
  await shopCommand(other.env, 'seed');
  const before = await contents(other.url);
  expect(await shopCommand(other.env, 'restore', file)).toMatchObject({
    code: 1,
    err: expect.stringContaining('--force'),
  });
  expect(await contents(other.url)).toEqual(before);
  expect((await shopCommand(other.env, 'restore', file, '--force')).code).toBe(0);
  expect(await contents(other.url)).toEqual(await contents(source.url));

  const bytes = readFileSync(file);
  expect(await shopCommand(sourceEnv, 'backup', file)).toMatchObject({
    code: 1,
    err: expect.stringContaining('--force'),
  });
  expect(readFileSync(file)).toEqual(bytes);
});

it('refuses while the shop runs', async () => {
  const other = await machine(cloneDatabase);
  await openShop(others.at(-1)!);
  expect(await shopCommand(other.env, 'restore', file)).toMatchObject({
    code: 1,
    err: 'The shop is running (api). Stop it first.\n',
  });
  expect(await shopCommand(other.env, 'reset', '--yes')).toMatchObject({
    code: 1,
    err: 'The shop is running (api). Stop it first.\n',
  });
  expect((await shopCommand(other.env, 'backup', join(folder, 'running.backup'))).code).toBe(0);
});

it.each<[string, (content: string) => Buffer, string]>([
  ['is cut off', () => readFileSync(file).subarray(0, -200), 'The backup is incomplete; nothing was restored.'],
  [
    'ends early',
    (text) => gzipSync(text.slice(0, text.lastIndexOf('{"end"'))),
    'The backup is incomplete; nothing was restored.',
  ],
  [
    'misses a row',
    (text) => gzipSync(text.replace(/(\{"table":"tax_rates".*\n).*\n/, '$1')),
    'tax_rates has 21 rows instead of 22',
  ],
  [
    'breaks a rule',
    (text) => gzipSync(text.replace(/(\{"table":"prices".*\n[^\t]*\tUSD\t)\d+/, '$1-5')),
    'violates check constraint',
  ],
  [
    'points nowhere',
    (text) => gzipSync(text.replace(/(\{"table":"prices".*\n)[^\t]*/, '$100000000-0000-7000-8000-000000000000')),
    'violates foreign key constraint',
  ],
  [
    'wants to write elsewhere',
    (text) => gzipSync(text.replace('"file":"media/ab/', '"file":"media/../../')),
    'strange place',
  ],
  [
    'is of another version',
    (text) => gzipSync(text.replace('"migrations":["', '"migrations":["Future9","')),
    'Not here: Future9.',
  ],
  ['is something else', () => gzipSync('hello\n'), 'This is not a backup of Emporium'],
  ['is no gzip', () => Buffer.from('hello'), 'This is not a backup of Emporium'],
])('a backup that %s changes nothing', async (_name, damage, message) => {
  const other = await machine(cloneDatabase);
  const before = await contents(other.url);
  const damaged = join(folder, 'damaged.backup');
  // Latin-1 keeps every byte as it is.
  const text = gunzipSync(readFileSync(file)).toString('latin1');
  writeFileSync(damaged, fromLatin1(damage, text));
  const done = await shopCommand(other.env, 'restore', damaged);
  expect(done).toMatchObject({ code: 1, err: expect.stringContaining(message) });
  expect(await contents(other.url)).toEqual(before);
});

function fromLatin1(damage: (text: string) => Buffer, text: string): Buffer {
  const bytes = damage(text);
  try {
    return gzipSync(Buffer.from(gunzipSync(bytes).toString('utf8'), 'latin1'));
  } catch {
    return bytes;
  }
}

it('a backup that finds the disk full ends with a sentence, and leaves no file', async () => {
  const path = join(folder, 'full.backup');
  symlinkSync('/dev/full', `${path}.partial`);
  expect(await shopCommand(sourceEnv, 'backup', path)).toEqual({
    code: 1,
    out: '',
    err: 'The disk is full: free some space, then start again.\n',
  });
  expect(readdirSync(folder).filter((name) => name.startsWith('full.'))).toEqual([]);
});
