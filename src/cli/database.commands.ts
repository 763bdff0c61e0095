import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../bootstrap/migrate.js';
import { type Command, UsageError } from './command.js';
import { assertUnused, withDatabase } from './resources.js';

/** `migrate` */
export const migrateDatabase: Command = {
  name: 'migrate',
  summary: 'Bring the database to this version',
  async run({ config, terminal }) {
    const ran = await migrate(config.databaseUrl);
    for (const name of ran) terminal.line(`Migrated: ${name}`);
    if (ran.length === 0) terminal.line('The database is at this version already.');
    return 0;
  },
};

/** `reset` */
export const reset: Command = {
  name: 'reset',
  summary: 'Delete everything: products, orders, staff, uploaded images',
  options: [{ name: 'yes', description: 'yes, everything' }],
  async run({ config, options, terminal }) {
    if (options.yes !== true) {
      throw new UsageError('This deletes all data of the shop for good. Say --yes if that is what you want.');
    }
    await withDatabase(config, async (db) => {
      await assertUnused(db);
      await db.query('DROP SCHEMA public CASCADE');
      await db.query('CREATE SCHEMA public');
    });
    await migrate(config.databaseUrl);
    await rm(join(config.dataDir, 'media'), { recursive: true, force: true });
    terminal.line('The shop is empty. The next start fills it with the demo, unless DEMO=0.');
    return 0;
  },
};
