import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isCurrency } from '#libs/money';
import { type ExportKind, WriteExport } from '../modules/exports/index.js';
import { ShopContext } from '../modules/settings/index.js';
import { type Command, UsageError } from './command.js';
import { withShop } from './resources.js';

const exportOf = (kind: ExportKind, summary: string, options: Command['options'] = []): Command => ({
  name: `export ${kind.replace('_', '-')}`,
  summary,
  options: [
    ...options,
    { name: 'output', value: 'FILE', description: 'write into a file instead of to standard output' },
  ],
  async run({ config, options: given, terminal }) {
    const { currency } = given;
    if (currency !== undefined && !isCurrency(currency))
      throw new UsageError(`"${currency}" is not an ISO 4217 currency code.`);
    await withShop(config, async (app) => {
      const shop = await app.get(ShopContext, { strict: false }).get();
      const writing = app.get(WriteExport, { strict: false });
      const filter = { currency: currency ?? shop.currency };
      let done = 0;
      const file = async function* () {
        for await (const piece of writing.pieces(kind, filter, { withHeader: true, after: null })) {
          yield piece.bytes;
          done += piece.count;
          terminal.progress(`${done} ${kind === 'price_lists' ? 'prices' : kind}`);
        }
      };
      if (typeof given.output === 'string') {
        await pipeline(Readable.from(file()), createWriteStream(given.output, { mode: 0o600 }));
        terminal.line(`Exported: ${given.output}, ${done} ${kind === 'price_lists' ? 'prices' : kind}`);
      } else for await (const bytes of file()) await terminal.write(bytes);
    });
    return 0;
  },
});

/** `export products > FILE`, `export customers > FILE`, `export price-lists > FILE` */
export const exportCommands: readonly Command[] = [
  exportOf('products', 'Write all products as a CSV file that `import products` reads, to standard output', [
    { name: 'currency', value: 'CODE', description: 'currency of the prices; the shop’s when left out' },
  ]),
  exportOf('customers', 'Write all customers as a CSV file, to standard output'),
  exportOf('price_lists', 'Write all price lists as a CSV file that `import price-lists` reads, to standard output'),
];
