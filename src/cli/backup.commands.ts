import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { migrate } from '../bootstrap/migrate.js';
import type { BackupSummary } from './backup/format.js';
import { restoreBackup } from './backup/restore-backup.js';
import { writeBackup } from './backup/write-backup.js';
import { type Command, CommandFailure } from './command.js';
import { assertMigrated, assertUnused, withDatabase } from './resources.js';
import type { Terminal } from './terminal.js';

/** `backup FILE` */
export const backup: Command = {
  name: 'backup',
  parameters: ['FILE'],
  summary: 'Write all data of the shop into a file, while it goes on selling',
  options: [{ name: 'force', description: 'replace the file if it is there' }],
  async run({ config, arguments: [file], options, terminal }) {
    const path = resolve(file!);
    if (existsSync(path) && options.force !== true)
      throw new CommandFailure(`${path} is there already. Say --force to replace it.`);
    const summary = await withDatabase(config, async (db) => {
      await assertMigrated(db);
      return writeBackup(db, config.dataDir, path);
    });
    const { size } = await stat(path);
    report(terminal, summary);
    terminal.line(
      `Backed up to ${path} (${(size / 1024 / 1024).toFixed(1)} MB). SIGNING_KEY and ENCRYPTION_KEY are not in it.`,
    );
    return 0;
  },
};

/** `restore FILE` */
export const restore: Command = {
  name: 'restore',
  parameters: ['FILE'],
  summary: 'Make the shop what it was when the backup was made',
  options: [{ name: 'force', description: 'replace the data that is there' }],
  async run({ config, arguments: [file], options, terminal }) {
    const path = resolve(file!);
    if (!existsSync(path)) throw new CommandFailure(`There is no file ${path}.`);
    await migrate(config.databaseUrl);
    const summary = await withDatabase(config, async (db) => {
      await assertUnused(db);
      return restoreBackup(db, config.dataDir, path, { force: options.force === true });
    });
    report(terminal, summary);
    terminal.line(`Restored the shop of ${summary.createdAt}.`);
    return 0;
  },
};

function report(terminal: Terminal, summary: BackupSummary): void {
  terminal.table([...Object.entries(summary.rows).filter(([, rows]) => rows > 0), ['uploaded files', summary.files]]);
}
