import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Shop } from '../support/shop.js';
import { emptyDatabase, type TestDatabase } from '../support/postgres.js';
import { type CliResult, shopCommand } from '../support/run-cli.js';

const FIXTURES = join(import.meta.dirname, '../fixtures');
let database: TestDatabase;
let dataDir: string;
const run = (...args: string[]): Promise<CliResult> =>
  shopCommand({ DATABASE_URL: database.url, DATA_DIR: dataDir }, ...args);

beforeAll(async () => {
  database = await emptyDatabase();
  dataDir = mkdtempSync(join(tmpdir(), 'emporium-cli-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('asks for a migration first, and migrates once', async () => {
  expect(await run('seed')).toMatchObject({ code: 1, err: expect.stringContaining('npm run shop -- migrate') });
  expect((await run('migrate')).out).toContain('Migrated: Foundations');
  expect(await run('migrate')).toMatchObject({ code: 0, out: 'The database is at this version already.\n' });
});

it('seeds once', async () => {
  expect(await run('seed')).toMatchObject({ code: 0, out: 'The demo shop is there: 64 products.\n' });
  expect(await run('seed')).toMatchObject({ code: 0, out: expect.stringContaining('nothing was changed') });
});

it('imports, with a summary, and ends with 1 when a product failed', async () => {
  const clean = await run('import', 'products', join(FIXTURES, 'products-export.csv'));
  expect(clean).toMatchObject({ code: 0, err: '' });
  expect(clean.out).toMatch(
    /^Imported: products-export\.csv, 10 rows, 5 products, [\d.]+ s\n {2}created +5\n {2}updated +0\n {2}unchanged +0\n {2}failed +0\nWarnings:\n {2}line 7 +clay-mug +Variant/,
  );
  const dry = await run('import', 'products', join(FIXTURES, 'products-with-mistakes.csv'), '--dry-run');
  expect(dry.code).toBe(1);
  expect(dry.out).toMatch(
    /^Dry run, nothing was changed: [^]*failed +8\nErrors:\n {2}line 3 +dear +Variant Price must/,
  );
});

it('exports what it imports again without a change, and customers', async () => {
  const file = join(dataDir, 'export.csv');
  expect(await run('export', 'products', '--output', file)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Exported: .*export\.csv, \d+ products\n$/),
  });
  const piped = await run('export', 'products');
  expect(piped).toMatchObject({ code: 0, err: '', out: readFileSync(file, 'utf8') });
  expect((await run('import', 'products', file)).out).toMatch(
    /created +0\n {2}updated +0\n {2}unchanged +\d\d\n {2}failed +0\n/,
  );
  expect((await run('export', 'customers')).out).toContain('First Name,Last Name,Email,');
});

it('shows the first 20 of many errors', async () => {
  const file = join(dataDir, 'many.csv');
  writeFileSync(file, ['Handle,Title,Variant Price', ...Array.from({ length: 30 }, (_, i) => `p-${i},P,x`)].join('\n'));
  const { out } = await run('import', 'products', file);
  expect(out).toContain('Errors (the first 20 of 30):');
  expect(out.match(/^ {2}line /gm)).toHaveLength(20);
});

it.each<[string[], number, string]>([
  [['import', 'products'], 2, 'FILE is missing.\n\nUsage: npm run shop -- import products FILE'],
  [['import', 'products', 'a', 'b'], 2, '"b" is one argument too many.'],
  [['import', 'products', 'a', '--stock', 'all'], 2, '--stock is keep or set'],
  [['import', 'products', 'a', '--currency', 'dollars'], 2, '"dollars" is not an ISO 4217'],
  [['import', 'products', 'a', '--fast'], 2, "Unknown option '--fast'."],
  [['import', 'products', '/nowhere/x.csv'], 1, 'There is no file /nowhere/x.csv.'],
  [['import', 'orders', 'a'], 2, 'There is no command "import orders a".'],
  [['admin', 'create'], 2, '--email is missing.'],
  [['admin', 'create', '--email', 'a@example.com', '--role', 'king'], 2, '--role is one of owner'],
  [
    ['admin', 'create', '--email', 'a@example.com', '--password', 'short'],
    1,
    'password must have at least 15 characters',
  ],
  [['admin', 'create', '--email', 'nobody'], 1, 'email must be an e-mail address'],
  [['reset'], 2, 'Say --yes if that is what you want.'],
  [['restore', '/nowhere/x'], 1, 'There is no file /nowhere/x.'],
])('explains what is wrong with %j', async (args, code, text) => {
  expect(await run(...args)).toMatchObject({ code, out: '', err: expect.stringContaining(text) });
});

it('helps', async () => {
  expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('import products FILE') });
  expect(await run('help', 'reset')).toMatchObject({ code: 0, out: expect.stringContaining('--yes') });
  expect(await run('backup', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('backup FILE') });
});

it('opens accounts that work', async () => {
  const made = await run('admin', 'create', '--email', 'grace@example.com', '--role', 'manager');
  const password = /shown this once\): (\S+)/.exec(made.out)![1]!;
  const shop = await Shop.start({ database, stripe: false });
  const login = await shop.call('POST', '/v1/auth/login', { body: { email: 'grace@example.com', password } });
  expect(login).toMatchObject({ status: 200, body: { accessToken: expect.any(String) } });
  await shop.stop();
});

it('checks the books, and says which do not balance', async () => {
  expect(await run('books')).toMatchObject({ code: 0, out: expect.stringContaining('The books balance') });
});

it('resets to an empty, migrated shop', async () => {
  mkdirSync(join(dataDir, 'media'), { recursive: true });
  writeFileSync(join(dataDir, 'media', 'x.png'), 'x');
  expect((await run('reset', '--yes')).code).toBe(0);
  expect(existsSync(join(dataDir, 'media'))).toBe(false);
  expect(await run('seed')).toMatchObject({ code: 0, out: 'The demo shop is there: 64 products.\n' });
});

it('tells in one sentence that the database is out of reach', async () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', DATA_DIR: dataDir };
  const done = await shopCommand(env, 'books');
  expect(done).toMatchObject({
    code: 1,
    err: 'Postgres is out of reach: check DATABASE_URL, and that the server runs.\n',
  });
});
