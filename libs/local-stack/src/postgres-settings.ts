import { accessSync, constants, statfsSync } from 'node:fs';

const MIN_SHARED_MEMORY_BYTES = 256 * 1024 * 1024;

/** Command line settings of a private server: loopback only, no socket files, a quiet log. */
export function serverSettings(port: number, durable: boolean, more: Record<string, string> = {}): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    shared_buffers: '128MB',
    max_connections: durable ? 100 : 200,
    wal_level: 'minimal',
    max_wal_senders: 0,
    logging_collector: 'off',
    log_min_messages: 'log',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    log_timezone: 'UTC',
    ...(durable
      ? { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
    ...(hasSharedMemory() ? {} : { dynamic_shared_memory_type: 'mmap' }),
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Containers often have 64 MB of /dev/shm or none, which parallel queries exhaust. */
function hasSharedMemory(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    accessSync('/dev/shm', constants.W_OK);
    const { blocks, bsize } = statfsSync('/dev/shm');
    return blocks * bsize >= MIN_SHARED_MEMORY_BYTES;
  } catch {
    return false;
  }
}

/** Same order, same upper and lower case on every machine, independent of its locales. */
export function initdbFlags(ctype: string): string[] {
  return [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    `--lc-ctype=${ctype}`,
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    // The passwords are 192 random bits: stretching them would only slow down every connection.
    '--set=scram_iterations=1',
    '--set=timezone=UTC',
  ];
}

/** Character classes of text search and trigrams: the first that the machine knows. */
export const CTYPES = ['C.UTF-8', 'C.utf8', 'en_US.UTF-8', 'C'];
