import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './project.mjs';
import { Failure } from './terminal.mjs';

/** The built library that starts Postgres and Redis; only there once the project is built. */
export function loadLocalStack() {
  return import(pathToFileURL(join(ROOT, 'dist', 'libs', 'local-stack', 'src', 'index.js')).href);
}

/** Whether a port can be listened on: null when it can, else the system's code (EADDRINUSE, EACCES, …). */
export function portProblem(port, host) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(error.code ?? 'UNKNOWN'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(null)));
  });
}

export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** A port number of the settings. */
export function readPort(name, fallback, env = process.env) {
  const text = env[name]?.trim() || String(fallback);
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Failure(`${name} must be a port from 0 to 65535, not "${text}".`);
  return port;
}

/** Secrets between the local services, made once: DATA_DIR/secrets.json. */
export function localSecrets(dataDir) {
  const file = join(dataDir, 'secrets.json');
  if (existsSync(file)) {
    try {
      const secrets = JSON.parse(readFileSync(file, 'utf8'));
      if (secrets.stripeWebhookSecret) return secrets;
    } catch {
      // Rewritten below: nothing but the local emulator knows these secrets.
    }
  }
  const secrets = { stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}` };
  writeWhole(file, JSON.stringify(secrets, null, 2));
  return secrets;
}

function writeWhole(file, text) {
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  } catch (error) {
    throw fileFailure(error, file);
  }
}

/** A sentence for a folder that cannot be written. */
export function fileFailure(error, path) {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new Failure(`The disk that holds ${path} is full: free some space and start again.`);
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) {
    return new Failure(`No permission to write to ${path}: set DATA_DIR to a folder of your own.`);
  }
  if (['ENOTDIR', 'EEXIST'].includes(error.code)) {
    return new Failure(`${path} is in the way: DATA_DIR must be a folder.`);
  }
  return error;
}

const runningFile = (dataDir) => join(dataDir, 'running.json');

/** Notes that `npm start` runs, and with which services, for the commands beside it. */
export function noteRunning(dataDir, note) {
  writeWhole(runningFile(dataDir), JSON.stringify({ pid: process.pid, ...note }, null, 2));
}

export function forgetRunning(dataDir) {
  if (readRunning(dataDir)?.pid === process.pid) rmSync(runningFile(dataDir), { force: true });
}

/** What a living `npm start` noted about this DATA_DIR; null when none runs. */
export function readRunning(dataDir) {
  try {
    const note = JSON.parse(readFileSync(runningFile(dataDir), 'utf8'));
    process.kill(note.pid, 0);
    return note;
  } catch {
    return null;
  }
}
