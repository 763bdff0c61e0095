import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientOf, createEmulator, Receiver } from './testing.js';

const BACK = 'https://shop.test/back';
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stripe-emulator-'));
  file = join(folder, 'deep', 'state.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('keeps objects, order and idempotency keys over a restart', async () => {
  const first = await createEmulator({ snapshotFile: file });
  const client = clientOf(first);
  const params = { amount: 2000, currency: 'usd' };
  const older = await client.paymentIntents.create(params, { idempotencyKey: 'k1' });
  const newer = await client.paymentIntents.create(params, { idempotencyKey: 'k2' });
  await client.paymentIntents.confirm(older.id, { payment_method: 'pm_card_visa', return_url: BACK });
  await first.close();

  const second = await createEmulator({ snapshotFile: file });
  const again = clientOf(second);
  expect((await again.paymentIntents.list()).data.map(({ id, status }) => [id, status])).toEqual([
    [newer.id, 'requires_payment_method'],
    [older.id, 'succeeded'],
  ]);
  expect((await again.paymentIntents.create(params, { idempotencyKey: 'k1' })).id).toBe(older.id);
  expect((await again.refunds.create({ payment_intent: older.id })).status).toBe('succeeded');
  await second.close();
});

it('has every answered call in the file at once, and survives a line cut by a crash', async () => {
  const first = await createEmulator({ snapshotFile: file });
  const { id } = await clientOf(first).paymentIntents.create({ amount: 2000, currency: 'usd' });
  // The process could be killed here: nothing waits for its end.
  expect(readFileSync(file, 'utf8')).toContain(id);
  await first.close();
  appendFileSync(file, '["payment_intents","pi_x",{"id":"pi_');
  const second = await createEmulator({ snapshotFile: file });
  expect((await clientOf(second).paymentIntents.list()).data.map((intent) => intent.id)).toEqual([id]);
  await second.close();
});

it('goes on delivering what it had promised', async () => {
  const receiver = await Receiver.start();
  receiver.respond = () => 500;
  const webhooks = [{ url: receiver.url, secret: 'whsec_x' }];
  const first = await createEmulator({ snapshotFile: file, webhooks, retryScheduleMs: [400, 400] });
  await clientOf(first).paymentIntents.create({ amount: 2000, currency: 'usd' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await first.close();
  receiver.clear();
  const second = await createEmulator({ snapshotFile: file, webhooks, retryScheduleMs: [400, 400] });
  await second.idle();
  expect(receiver.types()).toEqual(['payment_intent.created']);
  expect(second.state()['webhook_endpoints']).toHaveLength(1);
  await second.close();
  await receiver.close();
});

it('ends what banks had begun', async () => {
  const first = await createEmulator({ snapshotFile: file, settleDelayMs: 100 });
  const { id } = await clientOf(first).paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_emu_processing_then_succeed',
    return_url: BACK,
  });
  await first.close();
  const second = await createEmulator({ snapshotFile: file });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await clientOf(second).paymentIntents.retrieve(id)).status).toBe('succeeded');
  await second.close();
});

it('forgets on reset, in the file too', async () => {
  const first = await createEmulator({ snapshotFile: file });
  await clientOf(first).customers.create();
  first.reset();
  await first.close();
  const second = await createEmulator({ snapshotFile: file });
  expect((await clientOf(second).customers.list()).data).toEqual([]);
  await second.close();
});
