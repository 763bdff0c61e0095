import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { explainFileError, LocalStackError } from './local-stack-error.js';
import { explainPostgresFailure, ServerLog } from './server-log.js';

const place = { folder: tmpdir(), logFile: '/data/postgres.log' };
const errno = (code: string) => Object.assign(new Error(code), { code });

describe('why a server did not start', () => {
  it.each([
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk-full'],
    [
      'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  could not create any TCP/IP sockets',
      'port-taken',
    ],
    ['FATAL:  database files are incompatible with server', 'data-version'],
    ['FATAL:  data directory "/x" has wrong ownership', 'permission-denied'],
    ['PANIC:  could not locate a valid checkpoint record at 0/1EA62A0', 'data-broken'],
    ['FATAL:  could not read file "global/pg_control": read 0 of 296', 'data-broken'],
    ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'start-failed'],
  ])('%s is %s', (output, problem) => {
    expect(explainPostgresFailure(output, place).problem).toBe(problem);
  });

  it('quotes the complaint, not the answers to our own questions', () => {
    const output = 'PANIC:  could not locate a valid checkpoint record\nFATAL:  the database system is starting up\n';
    expect(explainPostgresFailure(output, place).message).toContain('(could not locate a valid checkpoint record)');
  });

  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EACCES', 'permission-denied'],
    ['EROFS', 'permission-denied'],
    ['ENOTDIR', 'data-broken'],
  ])('a failed write with %s is %s', (code, problem) => {
    const explained = explainFileError(errno(code), '/data');
    expect(explained).toBeInstanceOf(LocalStackError);
    expect(explained).toMatchObject({ problem });
  });

  it('passes on what it does not know', () => {
    const error = errno('EPIPE');
    expect(explainFileError(error, '/data')).toBe(error);
  });
});

describe('the log of a server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'emporium-log-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reads back only what this start wrote', () => {
    const file = join(folder, 'a.log');
    writeFileSync(file, 'of an earlier start\n');
    const log = new ServerLog(file);
    writeFileSync(log.fd, 'of this start\n');
    expect(log.read()).toBe('of this start\n');
    log.close();
  });

  it('is rotated when it has grown', () => {
    const file = join(folder, 'b.log');
    writeFileSync(file, Buffer.alloc(10 * 1024 * 1024 + 1, 'x'));
    new ServerLog(file).close();
    expect(readFileSync(file)).toHaveLength(0);
    expect(readFileSync(`${file}.1`)).toHaveLength(10 * 1024 * 1024 + 1);
  });
});
