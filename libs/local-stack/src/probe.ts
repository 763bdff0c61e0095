import pg from 'pg';
import { errnoOf } from './local-stack-error.js';

/**
 * What answers at a port. `ready`: the server of this folder. `busy`: a Postgres that is starting or stopping. `foreign`:
 * another server, or one that refuses the password. `broken`: it accepts the password and cannot open its databases.
 */
export type Answer = { state: 'ready' | 'busy' | 'foreign' | 'unreachable' } | { state: 'broken'; reason: string };

/** Asks the server at `url` whether it is the one of the data folder. */
export async function probe(url: string, data: string): Promise<Answer> {
  const client = connection(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return { state: rows[0]?.data_directory === data ? 'ready' : 'foreign' };
  } catch (error) {
    const code = errnoOf(error) ?? '';
    // Starting up, shutting down, too many connections.
    if (code.startsWith('57P') || code === '53300') return { state: 'busy' };
    if (code.startsWith('28')) return { state: 'foreign' };
    if (/^[0-9A-Z]{5}$/.test(code) && error instanceof Error) return { state: 'broken', reason: error.message };
    return { state: 'unreachable' };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A connection that survives the end of the server it belongs to. */
export function connection(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'emporium-local-stack',
  });
  // A server that goes away while idle would otherwise end this process.
  client.on('error', () => undefined);
  return client;
}
