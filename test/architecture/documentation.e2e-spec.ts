import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SETTINGS } from '../../src/config/index.js';
import { seedDemoShop } from '../../src/db/seed/index.js';
import { Shop } from '../support/shop.js';
import { ROOT } from './cruise.js';

const run = promisify(execFile);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const plainEnv = { ...process.env, NODE_OPTIONS: '' };
const ADRS = readdirSync(join(ROOT, 'docs', 'adr')).filter((name) => name.endsWith('.md'));
const PAGES = [
  'README.md',
  'docs/architecture.md',
  'docs/errors.md',
  'docs/events.md',
  ...ADRS.map((n) => `docs/adr/${n}`),
];

/** What people may read of this repository: the names of everything that git keeps. */
async function trackedFiles(): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

describe('The documentation', () => {
  it('that is written from the code is not stale', async () => {
    const outcome = await run(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: ROOT, env: plainEnv }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(outcome.stdout + outcome.stderr).toContain('The documentation says what the code says');
  }, 240_000);

  it('lists every setting with its default and meaning, and no other', () => {
    const table = /<!-- settings:begin[^>]*-->([\s\S]*?)<!-- settings:end -->/.exec(read('README.md'))![1]!;
    const rows = [...table.matchAll(/^\| `([\w<>]+)`\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(
      ([, name, fallback, meaning]) => ({
        name,
        default: fallback,
        meaning,
      }),
    );
    expect(rows).toEqual(SETTINGS);
  });

  it('has no setting that is read without being listed', () => {
    const source = read('src/config/config.ts');
    const used = [
      ...source.matchAll(/\b(?:text|optional|list|required|integer|flag|url)\(\s*'([A-Z_]+)'|env\.([A-Z_]+)/g),
    ];
    const names = new Set(used.map(([, called, direct]) => called ?? direct!));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => !SETTINGS.some((setting) => setting.name === name))).toEqual([]);
  });

  it('names tests that exist for what it says of security, and one for whatever it calls met', () => {
    const tables = read('docs/security.md').slice(read('docs/security.md').indexOf('## Threats'));
    const rows = [...tables.matchAll(/^\| (?!-)(.*) \|$/gm)].map(([, row]) => row!.split(' | ').map((c) => c.trim()));
    const testsOf = (cell: string) =>
      [...cell.matchAll(/`([a-z0-9/*.-]+)`/g)]
        .map(([, name]) => name!)
        .filter((name) => /^[a-z]+(-[a-z]+)*$|\.spec\.ts$|^test\//.test(name))
        .map((name) => (name.includes('/') ? name.replace(/\*.*$/, '') : `test/e2e/${name}.e2e-spec.ts`));
    // `acr`, `amr` and the like are words of protocols.
    const words = ['acr', 'amr', 'iss'].map((word) => `test/e2e/${word}.e2e-spec.ts`);
    const named = rows.flatMap((cells) => testsOf(cells.at(-1)!)).filter((path) => !words.includes(path));
    expect(named.length).toBeGreaterThan(70);
    expect([...new Set(named)].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const unproved = rows.filter(([, state, proof]) => state?.startsWith('met') && testsOf(proof!).length === 0);
    expect(unproved.map(([requirement]) => requirement)).toEqual(['6.1.1 documented protection of sign-ins']);
  });

  it('has no link that leads nowhere', () => {
    const broken = PAGES.flatMap((page) => {
      const text = read(page);
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(([, link, image]) => link ?? image!);
      return targets
        .filter((target) => !/^(?:https?:|#)/.test(target))
        .map((target) => target.split('#')[0]!)
        .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
        .map((target) => `${page}: ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it('shows pictures of less than 200 KB', () => {
    const images = readdirSync(join(ROOT, 'docs', 'images'));
    expect(images.length).toBeGreaterThan(2);
    expect(images.filter((name) => statSync(join(ROOT, 'docs', 'images', name)).size >= 200_000)).toEqual([]);
  });
});

describe('The decisions', () => {
  it('are numbered without a gap', () => {
    expect(ADRS.length).toBeGreaterThan(11);
    expect(ADRS.map((name) => Number(name.slice(0, 4)))).toEqual(ADRS.map((_name, i) => i + 1));
  });

  it.each(ADRS)('%s says context, decision and consequences on one page', (name) => {
    const text = read(`docs/adr/${name}`);
    expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)} `));
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(['Context', 'Decision', 'Consequences']);
    for (const section of text.split(/^## .+$/m).slice(1)) expect(section.trim().length).toBeGreaterThan(80);
    expect(text.split(/\s+/).length).toBeLessThan(600);
  });
});

/** Folders of people and machines. */
const FOREIGN = /(?<![\w.:/-])\/(?:root|home\/\w+|Users\/\w+)\//;
const isForeign = (text: string) => FOREIGN.test(text);
/** This file shows what is meant, and a build stage of the image has a home of its own. */
const MAY = new Set(['test/architecture/documentation.e2e-spec.ts', 'Dockerfile']);

describe('The repository', () => {
  it('names no folder of the machine of a person', async () => {
    const suspects = (await trackedFiles()).filter((path) => {
      const content = readFileSync(join(ROOT, path));
      return !MAY.has(path) && !content.includes(0) && isForeign(content.toString('utf8'));
    });
    expect(suspects).toEqual([]);
  });

  it.each(['see /Users/ada/x.ts', '"/home/ada/shop/"', '/root/x'])('would notice %s', (text) => {
    expect(isForeign(text)).toBe(true);
  });

  it.each(['https://example.com/work/1', 'src/work/x', '/v1/products/', './root/x'])('does not mind %s', (text) => {
    expect(isForeign(text)).toBe(false);
  });
});

describe('The first order of the README', () => {
  let shop: Shop;
  let folder: string;

  beforeAll(async () => {
    shop = await Shop.start();
    // The demo shop brings its own ways to ship, where there are none.
    await shop.db.query('DELETE FROM shipping_zones');
    await seedDemoShop(shop.app, shop.config);
    folder = mkdtempSync(join(tmpdir(), 'emporium-readme-'));
  });
  afterEach(() => shop.settleUp());
  afterAll(async () => {
    await shop?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const block = (language: string) => {
    const found = new RegExp(`A test runs this block[^\\n]*\\n\\n\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(
      read('README.md'),
    );
    const text = found![1]!;
    expect(text).toContain('http://localhost:3000');
    return text.replaceAll('http://localhost:3000', shop.url);
  };

  it('by curl is paid and confirmed', async () => {
    const file = join(folder, 'order.sh');
    writeFileSync(file, block('bash'));
    const { stdout } = await run('bash', ['-euo', 'pipefail', file]);
    expect(stdout).toContain('"handle":"house-blend-coffee"');
    const answer = JSON.parse(stdout.trim().split('\n').at(-1)!) as { order: object; payment: object };
    expect(answer).toMatchObject({
      order: { status: 'confirmed', paymentStatus: 'paid', email: 'ada@example.com' },
      payment: { status: 'succeeded' },
    });
  });

  it('by fetch is paid and confirmed', async () => {
    const file = join(folder, 'order.mjs');
    writeFileSync(file, block('js'));
    const { stdout } = await run(process.execPath, [file], { env: plainEnv });
    expect(stdout).toMatch(/^\d+ confirmed paid succeeded\n$/);
  });
});
