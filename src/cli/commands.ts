import { createAdmin } from './admin-create.command.js';
import { backup, restore } from './backup.commands.js';
import { books } from './books.command.js';
import type { Command } from './command.js';
import { migrateDatabase, reset } from './database.commands.js';
import { exportCommands } from './export.commands.js';
import { importProducts } from './import-products.command.js';
import { seed } from './seed.command.js';

/** What an operator can do, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  importProducts,
  ...exportCommands,
  backup,
  restore,
  createAdmin,
  migrateDatabase,
  seed,
  reset,
  books,
];
