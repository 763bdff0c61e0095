import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { newUuid } from '#libs/ids';
import {
  defineJob,
  Dispatcher,
  HandlesJob,
  type JobContext,
  type JobHandler,
  JobRunner,
  PermanentFailure,
} from '#libs/jobs';
import { announce, defineEvent } from '#libs/outbox';
import { type ModuleApp, startModules } from '../support/module-app.js';
import { cloneDatabase, type TestDatabase } from '../support/postgres.js';

const Rung = defineEvent({ topic: 'test.rung', version: 1, description: 'for this test', example: {} });
const BellJob = defineJob({
  name: 'test.bell',
  queue: 'notifications',
  description: 'for this test',
  on: [Rung.topic],
});

/** How often each bell was rung. */
const rung = new Map<string, number>();
/** Which bells each of them was taken with. */
const companions = new Map<string, string[]>();

@HandlesJob(BellJob)
@Injectable()
class Bell implements JobHandler<{ bell: string; how?: string }> {
  async handle({ payload, together }: JobContext<{ bell: string; how?: string }>): Promise<void> {
    companions.set(
      payload.bell,
      together.map(({ bell }) => bell),
    );
    rung.set(payload.bell, (rung.get(payload.bell) ?? 0) + 1);
    if (payload.how === 'fails') throw new Error('out of order');
    if (payload.how === 'dies') throw new PermanentFailure('no such bell');
    if (payload.how === 'slow') await sleep(300);
  }
}

@Module({ providers: [Bell] })
class BellModule {}

describe('jobs that are run together', () => {
  let database: TestDatabase;
  let app: ModuleApp;

  beforeAll(async () => {
    database = await cloneDatabase();
    app = await startModules([BellModule], database.url, {});
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  /** As if they were handed over just now, so that nobody else does. */
  async function handedOver(bells: [bell: string, how?: string][]): Promise<string[]> {
    const ids = bells.map(() => newUuid());
    for (const [i, [bell, how]] of bells.entries()) {
      await app.db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, dispatched_at) VALUES ($1, $2, $3, $4, $5, now())`,
        [ids[i], BellJob.queue, BellJob.name, `${BellJob.name}:${bell}`, JSON.stringify({ bell, how })],
      );
    }
    return ids;
  }
  const rows = async (ids: string[]) =>
    app.db.query<{ state: string; attempts: number }>(
      `SELECT state, attempts FROM jobs WHERE id = ANY($1) ORDER BY array_position($1, id)`,
      [ids],
    );
  const runner = () => app.app.get(JobRunner, { strict: false });

  it('each ends for itself: one that fails takes nobody along', async () => {
    const ids = await handedOver([['a'], ['b', 'fails'], ['c', 'dies'], ['d']]);
    await runner().run(ids);
    for (const bell of ['a', 'b', 'c', 'd']) expect(companions.get(bell)).toEqual(['a', 'b', 'c', 'd']);
    expect(await rows(ids)).toEqual([
      { state: 'done', attempts: 1 },
      { state: 'queued', attempts: 1 },
      { state: 'dead', attempts: 1 },
      { state: 'done', attempts: 1 },
    ]);
  });

  it('run once, also when they are delivered twice at once and in another order', async () => {
    const ids = await handedOver(['e', 'f', 'g', 'h'].map((bell) => [bell]));
    await Promise.all([runner().run(ids), runner().run([...ids].reverse()), runner().run(ids.slice(1, 3))]);
    expect(['e', 'f', 'g', 'h'].map((bell) => rung.get(bell))).toEqual([1, 1, 1, 1]);
    expect((await rows(ids)).every(({ state, attempts }) => state === 'done' && attempts === 1)).toBe(true);
  });

  describe('beside processes of another release', () => {
    it('a kind of job that only they know is left to them, with all its tries, and given up after a day', async () => {
      const ids = [newUuid(), newUuid()];
      // Both are older than a day; of the second one that is for how long nobody knew it.
      for (const id of ids)
        await app.db.query(
          `INSERT INTO jobs (id, queue, name, dedupe_key, payload, dispatched_at, created_at)
           VALUES ($1, 'notifications', 'test.of-another-release', $2, '{}', now(), now() - interval '25 hours')`,
          [id, `another:${id}`],
        );
      const passes = async (hours: number) => {
        const [row] = await app.db.query<{ since: string }>(
          `UPDATE jobs SET next_at = now(), last_error = replace(last_error, m.at, to_char(m.at::timestamptz AT TIME ZONE 'UTC' - make_interval(hours => $2), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
           FROM (SELECT substring(last_error FROM '[0-9T:.-]+Z$') AS at FROM jobs WHERE id = $1) m WHERE id = $1 RETURNING m.at AS since`,
          [ids[1], hours],
        );
        return row!.since;
      };
      await runner().run(ids);
      const left = { state: 'queued', attempts: 0 };
      expect(await rows(ids)).toEqual([left, left]);
      const since = await passes(0);
      await runner().run(ids);
      expect(await passes(23)).toBe(since);
      await runner().run(ids);
      expect(await rows(ids)).toEqual([left, left]);
      await passes(2);
      await runner().run(ids);
      expect(await rows(ids)).toEqual([left, { state: 'dead', attempts: 1 }]);
      // Staff who try it again once somebody knows it have another day.
      await app.db.query(`UPDATE jobs SET state = 'queued', attempts = 0, next_at = now() WHERE id = $1`, [ids[1]]);
      await runner().run(ids);
      expect(await rows(ids)).toEqual([left, left]);
    });

    it('an event that only they know is left to them, who make its jobs; it keeps nobody waiting', async () => {
      const published = async () =>
        (
          await app.db.query<{ event_key: string; n: boolean }>(
            `SELECT event_key, published_at IS NOT NULL AS n FROM outbox WHERE event_key LIKE 'another:%' ORDER BY event_key`,
          )
        ).map(({ n }) => n);
      for (const [key, topic, age] of [
        ['another:1', 'test.of-another-release', '1 hour'],
        ['another:2', Rung.topic, '0 hours'],
        ['another:3', 'test.of-another-release', '25 hours'],
      ])
        await app.db.query(
          `INSERT INTO outbox (event_id, event_key, topic, version, aggregate_type, aggregate_id, payload, created_at)
           VALUES (gen_random_uuid(), $1, $2, 1, 'bell', gen_random_uuid(), '{"bell": "another"}', now() - $3::interval)`,
          [key, topic, age],
        );
      await app.app.get(Dispatcher, { strict: false }).tick();
      expect(await published()).toEqual([false, true, true]);
    });
  });

  it('those that are not begun when the process stops wait for the next one, with all their tries', async () => {
    await app.app.get(Dispatcher, { strict: false }).onModuleDestroy();
    const ids = await handedOver([['slow', 'slow'], ['later'], ['last']]);
    const running = runner().run(ids);
    while (!rung.has('slow')) await sleep(5);
    runner().stop();
    await running;
    expect((await rows(ids)).map(({ attempts }) => attempts)).toEqual([1, 0, 0]);
    expect([rung.get('later'), rung.get('last')]).toEqual([undefined, undefined]);
    expect((await rows(ids)).map(({ state }) => state)).toEqual(['done', 'queued', 'queued']);
  });
});

const withRedis = process.env.TEST_REDIS_URL ? describe : describe.skip;
withRedis('jobs on Redis', () => {
  it('events that come in a rush are each heard once', async () => {
    const database = await cloneDatabase();
    const app = await startModules([BellModule], database.url, { REDIS_URL: process.env.TEST_REDIS_URL! });
    try {
      const bells = Array.from({ length: 45 }, (_, i) => `rush-${i}`);
      await app.db.transaction(async (tx) => {
        for (const bell of bells)
          announce(tx, { definition: Rung, aggregateType: 'bell', aggregateId: newUuid(), payload: { bell } });
      });
      const open = async () =>
        (
          await app.db.query<{ n: number }>(`SELECT count(*) AS n FROM jobs WHERE name = $1 AND state = 'done'`, [
            BellJob.name,
          ])
        )[0]!.n;
      for (let i = 0; i < 200 && (await open()) < bells.length; i += 1) await sleep(50);
      expect(bells.map((bell) => rung.get(bell))).toEqual(bells.map(() => 1));
    } finally {
      await app.close();
      await database.drop();
    }
  });
});
