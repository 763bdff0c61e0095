import { ConfigError, type Config, loadConfig } from '../config/index.js';
import { configureLog, log, nameSourceLines } from '#libs/log';
import { listenForFailpoints } from './failpoints.js';
import { hasLauncher, tellLauncher } from './launcher-channel.js';

/** The folder that the compiler writes. */
const COMPILED = new URL('../../', import.meta.url).href;

/**
 * Reads the settings, sets up the log and runs the process; an error on the way is one clear text and exit code 1.
 * @param service shows in each line of the log
 */
export async function startProcess(service: 'api' | 'worker', run: (config: Config) => Promise<void>): Promise<void> {
  nameSourceLines(COMPILED);
  try {
    const config = loadConfig();
    configureLog({ level: config.logLevel, service });
    listenForFailpoints(config);
    process.on('unhandledRejection', (error) => log.error('process.unhandled_rejection', { error }));
    process.on('uncaughtException', (error) => {
      log.error('process.uncaught_exception', { error });
      process.exit(1);
    });
    await run(config);
  } catch (error) {
    const text = sentenceFor(error);
    if (hasLauncher()) await tellLauncher({ type: 'fatal', text });
    else process.stderr.write(`${text}\n`);
    if (!(error instanceof ConfigError)) log.error('process.start_failed', { error });
    process.exit(1);
  }
}

/** What a person can do about an error that ended a process. */
export function sentenceFor(error: unknown, failure = 'Emporium could not start'): string {
  if (error instanceof ConfigError) return error.message;
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case 'EADDRINUSE':
      return `The port is taken: ${message}. Choose another one with PORT.`;
    case 'EACCES':
      return `Not allowed: ${message}.`;
    case 'ENOSPC':
    case '53100':
      return 'The disk is full: free some space, then start again.';
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
      return 'Postgres is out of reach: check DATABASE_URL, and that the server runs.';
    case '28P01':
    case '28000':
      return 'Postgres refused the user or password of DATABASE_URL.';
    case '42P01':
      return 'The database is not migrated to this version. Run: npm run shop -- migrate';
    case '3D000':
      return 'The database that DATABASE_URL names does not exist: create it first.';
    default:
      return `${failure}: ${message ?? String(error)}`;
  }
}
