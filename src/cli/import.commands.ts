import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { newUuid } from '#libs/ids';
import { isCurrency } from '#libs/money';
import {
  ImportCustomers,
  type ImportIssue,
  type ImportKind,
  ImportPriceLists,
  ImportProducts,
  type ImportSource,
  type ImportState,
} from '../modules/imports/index.js';
import { ensureSettings, ShopContext } from '../modules/settings/index.js';
import { Db } from '#libs/database';
import { type Command, CommandFailure, type CommandOption, UsageError } from './command.js';
import { withShop } from './resources.js';
import type { Terminal } from './terminal.js';

const SHOWN_ISSUES = 20;

const IMPORTS = { products: ImportProducts, customers: ImportCustomers, price_lists: ImportPriceLists };
/** What a row or group of rows of the file is. */
const THINGS = { products: 'products', customers: 'customers', price_lists: 'prices' };

const importOf = (kind: ImportKind, summary: string, options: CommandOption[]): Command => ({
  name: `import ${kind.replace('_', '-')}`,
  parameters: ['FILE'],
  summary,
  options: [{ name: 'dry-run', description: 'tell what would happen and change nothing' }, ...options],
  async run({ config, arguments: [file], options, terminal }) {
    const { currency, stock = 'keep' } = options;
    if (currency !== undefined && !isCurrency(currency))
      throw new UsageError(`"${currency}" is not an ISO 4217 currency code.`);
    if (stock !== 'keep' && stock !== 'set') throw new UsageError(`--stock is keep or set, not "${stock}".`);
    const source = await fileSource(file!);
    const dryRun = options['dry-run'] === true;
    const startedAt = performance.now();
    const state = await withShop(config, async (app) => {
      await ensureSettings(app.get(Db, { strict: false }), config);
      const shop = await app.get(ShopContext, { strict: false }).get();
      let rows = 0;
      return app.get<Pick<ImportProducts, 'execute'>>(IMPORTS[kind], { strict: false }).execute(source, {
        id: newUuid(),
        actor: 'cli',
        options: { currency: currency ?? shop.currency, stock, dryRun },
        onCounted: (count) => {
          rows = count;
        },
        onProgress: ({ rowsRead, productsDone }) =>
          terminal.progress(
            `${Math.round((rowsRead / rows) * 100)} %  ${rowsRead} of ${rows} rows, ${productsDone} ${THINGS[kind]}`,
          ),
      });
    });
    report(terminal, kind, source.name, state, dryRun, performance.now() - startedAt);
    return state.summary.failed > 0 ? 1 : 0;
  },
});

/** `import products FILE`, `import customers FILE`, `import price-lists FILE` */
export const importCommands: readonly Command[] = [
  importOf('products', 'Import products from a Shopify product export (CSV)', [
    { name: 'currency', value: 'CODE', description: 'currency of the prices in the file; the shop’s when left out' },
    { name: 'stock', value: 'keep|set', description: 'set: stock of existing variants becomes what the file says' },
  ]),
  importOf('customers', 'Import customers from a Shopify customer export (CSV)', []),
  importOf('price_lists', 'Import price lists (CSV), a price a row', [
    {
      name: 'currency',
      value: 'CODE',
      description: 'of lists for which the file names none; the shop’s when left out',
    },
  ]),
];

async function fileSource(file: string): Promise<ImportSource> {
  const path = resolve(file);
  const found = await stat(path).catch(() => null);
  if (!found) throw new CommandFailure(`There is no file ${path}.`);
  if (!found.isFile()) throw new CommandFailure(`${path} is not a file.`);
  return { name: basename(path), size: found.size, open: () => createReadStream(path, { highWaterMark: 256 * 1024 }) };
}

function report(
  terminal: Terminal,
  kind: ImportKind,
  name: string,
  state: ImportState,
  dryRun: boolean,
  ms: number,
): void {
  const { summary } = state;
  const count = Object.values(summary).reduce((sum, n) => sum + n, 0);
  const did = dryRun ? 'Dry run, nothing was changed' : 'Imported';
  terminal.line(`${did}: ${name}, ${state.rowsRead} rows, ${count} ${THINGS[kind]}, ${(ms / 1000).toFixed(1)} s`);
  terminal.table(Object.entries(summary));
  printIssues(terminal, 'Errors', state.errors, state.errorCount);
  printIssues(terminal, 'Warnings', state.warnings, state.warningCount);
}

function printIssues(terminal: Terminal, title: string, issues: readonly ImportIssue[], count: number): void {
  if (count === 0) return;
  const shown = issues.toSorted((a, b) => a.line - b.line).slice(0, SHOWN_ISSUES);
  terminal.line(`${title}${count > shown.length ? ` (the first ${shown.length} of ${count})` : ''}:`);
  terminal.table(shown.map(({ line, handle, reason }) => [`line ${line}`, handle ?? '', reason]));
}
