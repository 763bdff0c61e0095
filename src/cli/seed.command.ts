import { seedDemoShop } from '../db/seed/index.js';
import type { Command } from './command.js';
import { withShop } from './resources.js';

/** `seed` */
export const seed: Command = {
  name: 'seed',
  summary: 'Fill a shop that has no products with the demo shop',
  async run({ config, terminal }) {
    const seeded = await withShop(config, (app) => seedDemoShop(app, config));
    terminal.line(
      seeded
        ? `The demo shop is there: ${seeded.products} products.`
        : 'The shop has products already; nothing was changed.',
    );
    return 0;
  },
};
