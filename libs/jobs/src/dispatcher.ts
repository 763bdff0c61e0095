import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Db } from '#libs/database';
import { newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { eventCatalog, onAnnounced } from '#libs/outbox';
import { jobCatalog } from './definitions.js';
import { DEFAULT_MAX_ATTEMPTS } from './retry-policy.js';
import { type Delivery, Transport } from './transport.js';

const POLL_MS = 250;
const BATCH = 200;
/** A job that was handed over and not begun for this long was lost with Redis: it is handed over again. */
const LOST_AFTER_SECONDS = 60;
/** For how long an event that is not known here is left to another release, which knows who wants to hear of it. */
const FOR_OTHERS = '1 day';

/**
 * The pump of the house: turns outbox rows into jobs (drained by flag, never by "id > last seen", which loses rows that
 * commit out of order), starts recurring jobs, and hands due jobs to the transport. Any number of processes may run one.
 */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, OnModuleDestroy {
  private running: Promise<void> | null = null;
  private again = false;
  private isTransportDown = false;
  private isDatabaseDown = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  /** Topics that are declared or listened to here. */
  private known: string[] | undefined;
  private readonly nextSlot = new Map<string, number>();

  constructor(
    private readonly db: Db,
    private readonly transport: Transport,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.transport.start();
    // In a turn of its own: jobs do not belong to the request or the job that announced something.
    onAnnounced(() => void setImmediate(() => void this.tick()));
    this.schedule();
  }

  /** Takes no more jobs, and waits for those at work. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    onAnnounced(() => undefined);
    await this.running;
    await this.transport.stop();
  }

  /** Looks for work now. Ticks never overlap. */
  async tick(): Promise<void> {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.pump().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.tick().finally(() => this.schedule());
    }, POLL_MS);
  }

  private async pump(): Promise<void> {
    try {
      let busy = true;
      while (busy && !this.stopped) {
        this.again = false;
        await this.startRecurring();
        const relayed = await this.relay();
        const handed = await this.handOver();
        busy = this.again || relayed === BATCH || handed === BATCH;
      }
      this.isDatabaseDown = false;
    } catch (error) {
      if (!this.isDatabaseDown) log.warn('jobs.pump_failed', { error });
      this.isDatabaseDown = true;
    }
  }

  /**
   * One batch of events: a job for each subscribed kind, and the events marked as published, in one transaction. Then the
   * new jobs are handed over at once.
   */
  private async relay(): Promise<number> {
    const { events, jobs } = await this.publish();
    await this.deliver(jobs.map(({ id, queue }) => ({ id, queue, attempt: 1, isLapsed: false })));
    return events;
  }

  private publish(): Promise<{ events: number; jobs: { id: string; queue: string }[] }> {
    const subscriptions = jobCatalog().flatMap((job) => (job.on ?? []).map((topic) => ({ job, topic })));
    return this.db.transaction(async (tx) => {
      const events = await tx.query<{
        id: number;
        event_id: string;
        event_key: string;
        topic: string;
        payload: Record<string, unknown>;
        aggregate_id: string;
      }>(
        `SELECT id, event_id, event_key, topic, payload, aggregate_id FROM outbox
         WHERE published_at IS NULL AND (topic = ANY($1) OR created_at < now() - interval '${FOR_OTHERS}')
         ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
        [(this.known ??= [...new Set([...eventCatalog(), ...subscriptions].map(({ topic }) => topic))])],
      );
      if (events.length === 0) return { events: 0, jobs: [] };
      const jobs = events.flatMap((event) =>
        subscriptions
          .filter((s) => s.topic === event.topic)
          .map(({ job }) => ({
            id: newUuid(),
            queue: job.queue,
            name: job.name,
            dedupe_key: `${job.name}:${event.event_key}`,
            payload: { ...event.payload, eventId: event.event_id, topic: event.topic, aggregateId: event.aggregate_id },
            max_attempts: job.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
          })),
      );
      const [made] = await Promise.all([
        jobs.length === 0
          ? []
          : tx.query<{ id: string; queue: string }>(
              `INSERT INTO jobs (id, queue, name, dedupe_key, payload, max_attempts, dispatched_at)
               SELECT id, queue, name, dedupe_key, payload, max_attempts, now()
               FROM jsonb_to_recordset($1) AS j(id uuid, queue text, name text, dedupe_key text, payload jsonb, max_attempts int)
               ON CONFLICT (dedupe_key) DO NOTHING RETURNING id, queue`,
              [JSON.stringify(jobs)],
            ),
        tx.query(`UPDATE outbox SET published_at = now() WHERE id = ANY($1)`, [events.map((e) => e.id)]),
      ]);
      return { events: events.length, jobs: made };
    });
  }

  private async startRecurring(): Promise<void> {
    const now = Date.now();
    for (const job of jobCatalog()) {
      if (job.everyMs === undefined) continue;
      const slot = Math.floor(now / job.everyMs);
      if (this.nextSlot.get(job.name) === slot) continue;
      await this.db.query(
        `INSERT INTO jobs (id, queue, name, dedupe_key, payload, max_attempts) VALUES ($1, $2, $3, $4, '{}', $5) ON CONFLICT (dedupe_key) DO NOTHING`,
        [newUuid(), job.queue, job.name, `${job.name}:${slot}`, job.maxAttempts ?? 1],
      );
      this.nextSlot.set(job.name, slot);
    }
  }

  private async handOver(): Promise<number> {
    const due = await this.db.query<{ id: string; queue: string; attempts: number; is_lapsed: boolean }>(
      `UPDATE jobs SET dispatched_at = now() WHERE id IN (
         SELECT id FROM jobs
         WHERE state IN ('queued', 'running') AND next_at <= now()
           AND ((state = 'queued' AND (dispatched_at IS NULL OR dispatched_at < now() - make_interval(secs => ${LOST_AFTER_SECONDS})))
             OR (state = 'running' AND locked_until < now()))
         ORDER BY next_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
       RETURNING id, queue, attempts, state = 'running' AS is_lapsed`,
    );
    const isHanded = await this.deliver(
      due.map((row) => ({ id: row.id, queue: row.queue, attempt: row.attempts + 1, isLapsed: row.is_lapsed })),
    );
    return isHanded ? due.length : 0;
  }

  /** Hands jobs over that are marked as handed over; when it fails, they are not any more. */
  private async deliver(deliveries: Delivery[]): Promise<boolean> {
    if (deliveries.length === 0) return true;
    try {
      await this.transport.deliver(deliveries);
    } catch (error) {
      if (!this.isTransportDown) log.warn('jobs.transport_down', { error, waiting: deliveries.length });
      this.isTransportDown = true;
      await this.db.query(`UPDATE jobs SET dispatched_at = NULL WHERE id = ANY($1) AND state = 'queued'`, [
        deliveries.map((d) => d.id),
      ]);
      return false;
    }
    if (this.isTransportDown) log.info('jobs.transport_up', { delivered: deliveries.length });
    this.isTransportDown = false;
    return true;
  }
}
