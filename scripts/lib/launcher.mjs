import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Child, onParentGone } from './child.mjs';
import { dataDirOf, prepare, ROOT } from './project.mjs';
import {
  forgetRunning,
  freePort,
  loadLocalStack,
  localSecrets,
  noteRunning,
  portProblem,
  readPort,
  readRunning,
} from './stack.mjs';
import { Failure, Terminal } from './terminal.mjs';

const API_AHEAD = join(ROOT, 'scripts', 'lib', 'api-ahead.mjs');
const EMULATOR = join(ROOT, 'dist', 'libs', 'stripe-emulator', 'src', 'main.js');
const API_STOP_MS = 30_000;
const EMULATOR_STOP_MS = 5_000;
const START_GRACE_MS = 15_000;

/** Runs `npm start` to its end. */
export async function launch() {
  const launcher = new Launcher(new Terminal());
  await launcher.run();
}

class Launcher {
  constructor(terminal) {
    this.terminal = terminal;
    this.dataDir = dataDirOf();
    this.isReady = false;
    this.stopping = null;
    this.fatal = null;
  }

  async run() {
    process.on('SIGINT', () => this.#interrupted('SIGINT', 0));
    process.on('SIGTERM', () => this.#interrupted('SIGTERM', 143));
    process.on('SIGHUP', () => this.#interrupted('SIGHUP', 129));
    onParentGone(() => this.#interrupted('SIGTERM', 143));
    try {
      if (process.env.NODE_ENV === 'production') return await this.#production();
      await this.#start();
    } catch (error) {
      if (this.stopping) return;
      this.#report(error);
      await this.#stop(error.exitCode ?? 1);
    }
  }

  async #start() {
    const startedAt = performance.now();
    const host = process.env.HOST?.trim() || '127.0.0.1';
    const port = readPort('PORT', 3000) || (await freePort());
    if (!(await this.#isPortOurs(port, host))) return;
    const emulatorPort = process.env.STRIPE_SECRET_KEY ? 0 : await this.#emulatorPort();

    await prepare(this.terminal);
    const { startPostgres, startRedis } = await loadLocalStack();
    const env = { ...process.env, DATA_DIR: this.dataDir, PORT: String(port), HOST: host };

    const summarized = this.#loadApi(env);
    this.terminal.begin('Starting Postgres', { announce: !existsSync(this.dataDir) });
    // Settled together, so that a failure of one leaves no other behind unseen.
    this.starting = Promise.allSettled([
      env.DATABASE_URL ? null : this.#postgres(startPostgres, env),
      env.REDIS_URL ? null : this.#redis(startRedis, env),
      env.STRIPE_SECRET_KEY ? null : this.#emulator(env, emulatorPort, port, host),
    ]);
    const outcomes = await this.starting;
    const failure = outcomes.find(({ status }) => status === 'rejected');
    if (failure) throw failure.reason;
    if (this.stopping) return;

    this.terminal.begin('Starting the API');
    this.api.process.send({ type: 'run', env });
    const summary = await summarized;
    if (this.stopping) return;
    this.isReady = true;
    noteRunning(this.dataDir, { port, url: localUrl(host, port), env: sharedEnv(env) });
    this.terminal.end();
    this.terminal.done(`Ready in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    this.#print(summary);
  }

  /** False when the port is taken by our own running instance, which is no failure. */
  async #isPortOurs(port, host) {
    const problem = await portProblem(port, host);
    if (problem === null) return true;
    if (problem === 'EADDRINUSE') {
      const running = readRunning(this.dataDir);
      const url = localUrl(host, port);
      if (await isEmporium(url, running?.port === port)) {
        this.terminal.line(`Emporium already runs at ${url}`);
        process.exitCode = 0;
        return false;
      }
      throw new Failure(
        `Port ${port} is taken by another program: end it, or choose another one, as in PORT=${port + 1} npm start.`,
      );
    }
    if (problem === 'EACCES')
      throw new Failure(`Port ${port} is reserved for the administrator: choose one above 1023 by PORT.`);
    if (problem === 'EADDRNOTAVAIL' || problem === 'ENOTFOUND')
      throw new Failure(`HOST ${host} is not an address of this machine.`);
    throw new Failure(`Port ${port} of ${host} cannot be used (${problem}).`);
  }

  async #postgres(startPostgres, env) {
    const startedAt = performance.now();
    const server = await startPostgres({ dataDir: this.dataDir, durable: true, database: 'emporium' });
    this.postgres = server;
    env.DATABASE_URL = server.url;
    void server.exited.then((sentence) => this.#childEnded(sentence ?? 'The embedded Postgres ended.'));
    const how = server.adopted ? ' (it was still running)' : server.fresh ? ', new database' : '';
    this.terminal.done(`Postgres on port ${server.port}${how}`, startedAt);
    if (server.note) this.terminal.line(`  ${server.note}`);
  }

  async #redis(startRedis, env) {
    const startedAt = performance.now();
    const server = await startRedis({ dataDir: this.dataDir });
    if (!server) return this.terminal.done('No redis-server on the PATH: jobs run inside the API');
    this.redis = server;
    env.REDIS_URL = server.url;
    void server.exited.then((sentence) => this.#childEnded(sentence ?? 'The private Redis ended.'));
    this.terminal.done(`Redis on port ${server.port}`, startedAt);
    if (server.note) this.terminal.line(`  ${server.note}`);
  }

  async #emulator(env, port, apiPort, host) {
    if (!existsSync(EMULATOR)) return;
    const startedAt = performance.now();
    const secret = localSecrets(this.dataDir).stripeWebhookSecret;
    const webhook = `${localUrl(host, apiPort).replace('//localhost:', '//127.0.0.1:')}/v1/webhooks/stripe`;
    const snapshot = join(this.dataDir, 'stripe-emulator.json');
    const args = ['--port', String(port), '--snapshot', snapshot, '--webhook', webhook, '--webhook-secret', secret];
    this.emulator = new Child('The Stripe emulator', [EMULATOR, ...args], { env, quiet: true });
    void this.emulator.exited.then((how) => this.#childEnded(`The Stripe emulator ended (${how}).`, this.emulator));
    env.STRIPE_API_BASE = `http://127.0.0.1:${port}`;
    env.STRIPE_SECRET_KEY = 'sk_test_emporium';
    env.STRIPE_PUBLISHABLE_KEY = 'pk_test_emporium';
    env.STRIPE_WEBHOOK_SECRET = secret;
    while (!this.emulator.hasEnded && (await portProblem(port, '127.0.0.1')) === null) {
      await new Promise((done) => setTimeout(done, 20));
    }
    if (!this.emulator.hasEnded) this.terminal.done(`Stripe emulator on port ${port}`, startedAt);
  }

  /** A port that was asked for must be free; the usual one may give way to another. */
  async #emulatorPort() {
    const port = readPort('STRIPE_EMULATOR_PORT', 12111);
    if (port !== 0 && (await portProblem(port, '127.0.0.1')) === null) return port;
    if (port !== 0 && process.env.STRIPE_EMULATOR_PORT) {
      throw new Failure(`Port ${port} (STRIPE_EMULATOR_PORT) is taken by another program: choose another one.`);
    }
    return freePort();
  }

  /** @returns what to show when the API answers; it waits for its environment before it begins */
  #loadApi(env) {
    const summarized = new Promise((ready, fail) => {
      const onMessage = (message) => {
        if (message?.type === 'progress') {
          this.terminal.done(message.text);
          this.terminal.begin('Starting the API');
        } else if (message?.type === 'fatal') {
          this.fatal = String(message.text);
        } else if (message?.type === 'ready') {
          ready(message.summary ?? {});
        }
      };
      this.api = new Child('The API', [API_AHEAD], { env, onMessage });
      void this.api.exited.then((how) => {
        if (this.stopping) return ready({});
        if (this.isReady) return this.#childEnded(`The API ended (${how}).`, this.api);
        if (this.fatal) return fail(new Failure(this.fatal));
        return fail(new Failure(`The API did not start (${how}).`));
      });
    });
    // It may fail before anybody waits for it.
    summarized.catch(() => undefined);
    return summarized;
  }

  #print({ urls = {}, lines = [], curl = [] }) {
    const width = Math.max(0, ...Object.keys(urls).map((name) => name.length));
    const rows = Object.entries(urls).map(([name, url]) => `${name.padEnd(width)}  ${url}`);
    const frame = [...rows, ...(rows.length && lines.length ? [''] : []), ...lines];
    this.terminal.line();
    if (frame.length) this.terminal.box(frame);
    if (curl.length) this.terminal.line(`\n${curl.join('\n')}`);
    this.terminal.line(`\n${this.terminal.dim('Ctrl-C stops everything; the data stays.')}`);
  }

  /** A service that ends unasked takes the rest with it: half a shop would only confuse. */
  #childEnded(sentence, child) {
    if (this.stopping) return;
    this.#report(new Failure(sentence, { details: child?.isQuiet ? child.lines.slice(-15).join('\n') : '' }));
    void this.#stop(1);
  }

  #report(error) {
    const isOurs = error instanceof Failure || error.name === 'LocalStackError';
    this.terminal.failed(isOurs ? error.message : `Unexpected: ${error.stack ?? error}`);
    if (error.details) this.terminal.line(error.details);
  }

  #interrupted(signal, exitCode) {
    if (this.stopping) {
      // Asked twice: nobody waits for open requests any more, but Postgres still ends cleanly.
      this.api?.kill();
      this.emulator?.kill();
      return;
    }
    if (signal === 'SIGINT' && this.terminal.isTty) this.terminal.line();
    void this.#stop(exitCode);
  }

  #stop(exitCode) {
    this.stopping ??= this.#stopAll(exitCode);
    return this.stopping;
  }

  async #stopAll(exitCode) {
    const { terminal } = this;
    const wasReady = this.isReady;
    if (wasReady) terminal.begin('Stopping');
    const attempt = async (work) => {
      try {
        await work();
      } catch (error) {
        terminal.failed(error.message);
        exitCode ||= 1;
      }
    };
    // What is just starting must be known before it can be stopped.
    await Promise.race([this.starting, new Promise((done) => setTimeout(done, START_GRACE_MS))]);
    await attempt(async () => {
      if (this.api && !(await this.api.stop(API_STOP_MS)))
        terminal.failed('The API did not end within 30 s and was killed');
    });
    await attempt(() => this.emulator?.stop(EMULATOR_STOP_MS));
    await attempt(() => this.redis?.stop());
    await attempt(() => this.postgres?.stop());
    await attempt(() => forgetRunning(this.dataDir));
    if (wasReady) terminal.done('Stopped');
    process.exit(exitCode);
  }

  /** Nothing embedded in production: the API checks its settings and says what is missing. */
  async #production() {
    await prepare(this.terminal);
    this.terminal.line('NODE_ENV=production: nothing embedded starts. The API alone, as by npm run start:api:');
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const child = spawn(process.execPath, scripts['start:api'].split(' ').slice(1), { cwd: ROOT, stdio: 'inherit' });
    this.stopping = new Promise(() => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.removeAllListeners(signal);
      process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
    }
    onParentGone(() => child.kill('SIGTERM'));
    child.once('error', (error) => {
      this.terminal.failed(error.message);
      process.exit(1);
    });
    child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
  }
}

/** The address by which this machine reaches a service that listens on `host`. */
function localUrl(host, port) {
  const name = host === '0.0.0.0' || host === '::' || host === '127.0.0.1' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** Whether what answers there is an Emporium: the one that noted itself, or one that says so. */
async function isEmporium(url, isNoted) {
  // AbortSignal.timeout() does not keep the process alive, and neither does a socket that the other side has closed.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), 2_000);
  try {
    const response = await fetch(`${url}/health/live`, { signal: deadline.signal });
    if (!response.ok) return false;
    return isNoted || /emporium/i.test(await response.text());
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** What a command beside the running shop needs to see the same services. */
function sharedEnv(env) {
  const names = [
    'PORT',
    'REDIS_URL',
    'STRIPE_API_BASE',
    'STRIPE_SECRET_KEY',
    'STRIPE_PUBLISHABLE_KEY',
    'STRIPE_WEBHOOK_SECRET',
  ];
  return Object.fromEntries(names.filter((name) => env[name]).map((name) => [name, env[name]]));
}
