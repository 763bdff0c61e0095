import { closeSync, fstatSync, openSync, readSync, renameSync, statfsSync, statSync } from 'node:fs';
import { errnoOf, explainFileError, LocalStackError } from './local-stack-error.js';

const ROTATE_BYTES = 10 * 1024 * 1024;
const FULL_BYTES = 24 * 1024 * 1024;

/** The server's log file: rotated when it is opened, read back when the server fails. */
export class ServerLog {
  readonly fd: number;
  private readonly from: number;

  constructor(readonly file: string) {
    try {
      if (statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw explainFileError(error, file);
    }
    try {
      this.fd = openSync(file, 'a+', 0o600);
    } catch (error) {
      throw explainFileError(error, file);
    }
    this.from = fstatSync(this.fd).size;
  }

  /** What was written since it was opened, the last 64 kB of it. */
  read(): string {
    const fd = openSync(this.file, 'r');
    try {
      const { size } = fstatSync(fd);
      const buffer = Buffer.alloc(Math.min(size - this.from, 65_536));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8');
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Whether so little space is left that a failure to write explains itself. */
export function isDiskFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FULL_BYTES;
  } catch {
    return false;
  }
}

/** Says in one sentence why initdb or the server failed, from what it printed. */
export function explainPostgresFailure(output: string, place: { folder: string; logFile: string }): LocalStackError {
  const { folder, logFile } = place;
  if (/No space left on device|Disk quota exceeded/i.test(output) || isDiskFull(folder)) {
    return new LocalStackError('disk-full', `The disk that holds ${folder} is full: free some space and start again.`);
  }
  if (/could not bind|could not create any TCP\/IP sockets/i.test(output)) {
    return new LocalStackError('port-taken', 'The port of the embedded Postgres is taken by another program.');
  }
  if (/database files are incompatible with server|was initialized by PostgreSQL version/i.test(output)) {
    return new LocalStackError(
      'data-version',
      `The database in ${folder} was made by another Postgres version: move the folder away to begin anew.`,
    );
  }
  if (/Permission denied|Operation not permitted|wrong ownership|has invalid permissions/i.test(output)) {
    return new LocalStackError(
      'permission-denied',
      `Postgres may not read or write ${folder}: its files belong to another user, or the folder is not private enough.`,
    );
  }
  if (
    /could not locate a valid checkpoint|could not locate required checkpoint|invalid (checkpoint|page|primary)|could not open (file|directory) "(global|base|pg_|PG_)|could not (read|find) .*(pg_control|database system)|incorrect checksum|is not a valid data directory|unrecognized configuration parameter|contains errors|could not access the server configuration file|PANIC/i.test(
      output,
    )
  ) {
    return new LocalStackError(
      'data-broken',
      `The database in ${folder} is damaged (${lastComplaint(output)}): restore a backup, or move the folder away to begin anew; details in ${logFile}.`,
    );
  }
  return new LocalStackError(
    'start-failed',
    `The embedded Postgres did not start (${lastComplaint(output)}): details in ${logFile}.`,
  );
}

function lastComplaint(output: string): string {
  // Our own questions while it starts are answered in the log too.
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.includes('the database system is'));
  const line = lines.findLast((entry) => /FATAL|PANIC|error:/i.test(entry)) ?? lines.at(-1) ?? 'no message';
  return line.replace(/^.*?(FATAL|PANIC|ERROR|error):\s*/i, '').trim();
}
