import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Db } from '#libs/database';
import { circuitReports, tallyReports } from '#libs/vitals';

type Child = ReturnType<Histogram<'method' | 'route' | 'status'>['labels']>;

/** Counting whole tables is kept for this long, whoever scrapes how often. */
const COUNTS_EVERY_MS = 15_000;

/** What Prometheus is told: requests, pool, outbox, jobs, orders, and the process itself. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  private readonly children = new Map<string, Child>();
  private countedAt = -Infinity;
  private isStarted = false;

  constructor(private readonly db: Db) {}

  /** Begins to watch the process. */
  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    collectDefaultMetrics({ register: this.registry });
    this.showVitals();
    const { db, registry } = this;
    new Gauge({
      name: 'emporium_database_connections',
      help: 'Connections of the pool; waiting are requests for one',
      labelNames: ['state'] as const,
      registers: [registry],
      collect() {
        const { total, idle, waiting } = db.poolState();
        this.set({ state: 'busy' }, total - idle);
        this.set({ state: 'idle' }, idle);
        this.set({ state: 'waiting' }, waiting);
      },
    });
  }

  private readonly outboxAge = new Gauge({
    name: 'emporium_outbox_age_seconds',
    help: 'Age of the oldest event that has not become jobs',
    registers: [this.registry],
  });
  private readonly jobs = new Gauge({
    name: 'emporium_jobs',
    help: 'Jobs by queue and state',
    labelNames: ['queue', 'state'] as const,
    registers: [this.registry],
  });
  private readonly orders = new Gauge({
    name: 'emporium_orders',
    help: 'Orders by status',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });
  private readonly facetCounts = new Gauge({
    name: 'emporium_facet_counts_waiting',
    help: 'Counts of single writes that a job shall fold twice a minute; facets read all of them',
    registers: [this.registry],
  });

  /** Notes one answered request. */
  observeRequest(method: string, route: string, status: number, ms: number): void {
    const key = `${method} ${status} ${route}`;
    let child = this.children.get(key);
    if (!child) {
      child = this.requests.labels(method, route, String(status));
      this.children.set(key, child);
    }
    child.observe(ms / 1000);
  }

  /** The text that Prometheus reads. */
  async text(): Promise<string> {
    if (performance.now() - this.countedAt > COUNTS_EVERY_MS) {
      this.countedAt = performance.now();
      await this.countRows();
    }
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Circuits and counters of parts that do not know of this page. */
  private showVitals(): void {
    new Gauge({
      name: 'emporium_circuit_state',
      help: '1 for the state that the circuit to a service is in',
      labelNames: ['service', 'state'] as const,
      registers: [this.registry],
      collect() {
        for (const { name, state } of circuitReports()) {
          for (const each of ['closed', 'half_open', 'open'])
            this.set({ service: name, state: each }, each === state ? 1 : 0);
        }
      },
    });
    for (const { name, help, labels } of tallyReports()) {
      new Counter({
        name,
        help,
        labelNames: [...labels],
        registers: [this.registry],
        collect() {
          this.reset();
          for (const { labels: of, count } of tallyReports().find((tally) => tally.name === name)!.counts)
            this.inc(of, count);
        },
      });
    }
  }

  private async countRows(): Promise<void> {
    const [outbox, jobs, orders, facetCounts] = await Promise.all([
      this.db.query<{ age: number | null }>(
        `SELECT extract(epoch FROM now() - created_at)::float8 AS age FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1`,
      ),
      this.db.query<{ queue: string; state: string; count: number }>(
        `SELECT queue, state, count(*) AS count FROM jobs GROUP BY queue, state`,
      ),
      this.db.query<{ status: string; count: number }>(`SELECT status, count(*) AS count FROM orders GROUP BY status`),
      this.db.query<{ count: number }>(`SELECT count(*) AS count FROM facet_counts WHERE NOT folded`),
    ]);
    this.outboxAge.set(Math.max(0, outbox[0]?.age ?? 0));
    this.facetCounts.set(facetCounts[0]!.count);
    this.jobs.reset();
    for (const { queue, state, count } of jobs) this.jobs.set({ queue, state }, count);
    this.orders.reset();
    for (const { status, count } of orders) this.orders.set({ status }, count);
  }
}
