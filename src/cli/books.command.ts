import { runBooks } from '../modules/operations/index.js';
import { type Command, UsageError } from './command.js';
import { assertMigrated, withDatabase } from './resources.js';

const GRACE_SECONDS = 60;

/** `books` */
export const books: Command = {
  name: 'books',
  summary: 'Check that stock, orders and money add up',
  options: [
    {
      name: 'grace',
      value: 'SECONDS',
      description: `how long work under way may take; ${GRACE_SECONDS} when left out`,
    },
  ],
  async run({ config, options, terminal }) {
    const grace = Number(options.grace ?? GRACE_SECONDS);
    if (!Number.isInteger(grace) || grace < 0)
      throw new UsageError(`--grace is a number of seconds, not "${options.grace}".`);
    const { run, violations } = await withDatabase(config, async (db) => {
      await assertMigrated(db);
      return runBooks(db, grace);
    });
    const found = new Map(violations.map((violation) => [violation.id, violation]));
    terminal.table(run.map(({ id, title }) => [id, title, found.get(id)?.count ?? 0, found.get(id)?.sample ?? '']));
    if (violations.length === 0) terminal.line(`The books balance: ${run.length} checks found nothing.`);
    else terminal.error(`The books do not balance: ${violations.length} of ${run.length} checks found something.`);
    return violations.length === 0 ? 0 : 1;
  },
};
