import { createAdmin } from './admin-create.command.js';
import { backup, restore } from './backup.commands.js';
import { books } from './books.command.js';
import type { Command } from './command.js';
import { migrateDatabase, reset } from './database.commands.js';
import { exportCommands } from './export.commands.js';
import { importCommands } from './import.commands.js';
import { seed } from './seed.command.js';

/** What an operator can do, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...importCommands,
  ...exportCommands,
  backup,
  restore,
  createAdmin,
  migrateDatabase,
  seed,
  reset,
  books,
];
