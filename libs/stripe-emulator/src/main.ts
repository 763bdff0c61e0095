import { parseArgs } from 'node:util';
import { createEmulator, type Emulator } from './index.js';

const DEFAULT_PORT = 12_111;

const HELP = `Stripe's API on this machine, for tests and for development without a network.

  --port N              where it listens, on 127.0.0.1 (${DEFAULT_PORT}; STRIPE_EMULATOR_PORT)
  --snapshot FILE       keeps its state over restarts (STRIPE_EMULATOR_SNAPSHOT)
  --webhook URL         where events go (STRIPE_EMULATOR_WEBHOOK)
  --webhook-secret S    what they are signed with (STRIPE_EMULATOR_WEBHOOK_SECRET)`;

/** Reads the command line and the environment. @throws {Error} with one clear sentence */
function settings(): { port: number; snapshotFile?: string; webhook?: { url: string; secret: string } } {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      snapshot: { type: 'string' },
      webhook: { type: 'string' },
      'webhook-secret': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    process.exit(0);
  }
  const port = Number(values.port ?? process.env.STRIPE_EMULATOR_PORT ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be a number up to 65535.');
  const snapshotFile = values.snapshot ?? process.env.STRIPE_EMULATOR_SNAPSHOT;
  const url = values.webhook ?? process.env.STRIPE_EMULATOR_WEBHOOK;
  const secret = values['webhook-secret'] ?? process.env.STRIPE_EMULATOR_WEBHOOK_SECRET;
  if ((url === undefined) !== (secret === undefined)) {
    throw new Error('--webhook and --webhook-secret belong together.');
  }
  return {
    port,
    ...(snapshotFile === undefined || snapshotFile === '' ? {} : { snapshotFile }),
    ...(url === undefined || secret === undefined ? {} : { webhook: { url, secret } }),
  };
}

async function main(): Promise<void> {
  const { port, snapshotFile, webhook } = settings();
  const emulator = await createEmulator({
    port,
    snapshotFile,
    webhooks: webhook === undefined ? [] : [webhook],
    // People should be able to see a payment that is being processed.
    settleDelayMs: 4000,
  });
  endWithItsOwner(emulator);
  console.log(
    `Stripe emulator ready on ${emulator.url}${webhook === undefined ? '' : `, events go to ${webhook.url}`}`,
  );
  process.send?.({ type: 'ready', url: emulator.url, port: emulator.port });
}

/** Ends on a signal, and with the process that started it even when that one is killed. */
function endWithItsOwner(emulator: Emulator): void {
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    void emulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);
}

main().catch((error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? 'The Stripe emulator cannot start: its port is taken. Choose another by --port or STRIPE_EMULATOR_PORT.'
      : `The Stripe emulator cannot start: ${error.message}`,
  );
  process.exit(1);
});
