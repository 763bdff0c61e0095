import { readFileSync } from 'node:fs';
import type { Stack } from './stack.js';

/** Who works on a journey, in the order in which it is reported. */
export const WORKERS = [
  'API',
  'worker',
  'Postgres for the API',
  'Postgres for the worker',
  'Postgres for the bare server',
  'Postgres itself',
  'Redis',
  'bare server',
  'bench',
  'anything else',
] as const;
export type Worker = (typeof WORKERS)[number];

/** Milliseconds of CPU, of each that took any. */
export type CpuTimes = Partial<Record<Worker, number>>;

/** Whom the connections of an application belong to. */
const OF_APPLICATION: Record<string, Worker> = {
  'emporium-api': 'Postgres for the API',
  'emporium-worker': 'Postgres for the worker',
  'bare server': 'Postgres for the bare server',
};

/** The kernel counts in hundredths of a second on every Linux that Node.js runs on. */
const TICK_MS = 10;
const OWN = [13, 14];
const WITH_ENDED_CHILDREN = [13, 14, 15, 16];

/** Where the CPU time went since a moment, by the counters of the kernel; null where it has no /proc. */
export class CpuClock {
  private readonly before = new Map<number, number>();
  private readonly machineBefore = ofMachine();

  private constructor(private readonly stack: Stack) {}

  static async start(stack: Stack): Promise<CpuClock | null> {
    if (process.platform !== 'linux') return null;
    const clock = new CpuClock(stack);
    for (const [pid] of await clock.processes()) clock.before.set(pid, clock.read(pid));
    return clock;
  }

  async stop(): Promise<CpuTimes> {
    const times: CpuTimes = {};
    let rest = ofMachine() - this.machineBefore;
    const processes = await this.processes();
    for (const [pid, worker] of processes) {
      const took = this.read(pid) - (this.before.get(pid) ?? 0);
      times[worker] = (times[worker] ?? 0) + took;
      rest -= took;
    }
    // All that a backend took in its life is added to Postgres' own when it ends; what it took before is no news.
    for (const [pid, before] of this.before) {
      if (!processes.has(pid)) times['Postgres itself'] = (times['Postgres itself'] ?? 0) - before;
    }
    return { ...times, 'anything else': Math.max(0, rest) };
  }

  private async processes(): Promise<Map<number, Worker>> {
    const { stack } = this;
    const backends = await stack.db.query<{ pid: number; application_name: string }>(
      `SELECT pid, application_name FROM pg_stat_activity`,
    );
    return new Map<number, Worker>([
      [stack.postgres.pid, 'Postgres itself'],
      ...backends.map(({ pid, application_name }): [number, Worker] => [
        pid,
        OF_APPLICATION[application_name] ?? 'Postgres itself',
      ]),
      ...(stack.redis ? [[stack.redis.pid, 'Redis'] as const] : []),
      [stack.api.pid, 'API'],
      [stack.worker.pid, 'worker'],
      [stack.floor.pid, 'bare server'],
      [stack.client.pid, 'bench'],
      [process.pid, 'bench'],
    ]);
  }

  /** Postgres' own process answers for backends that have ended, too. */
  private read(pid: number): number {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch {
      return 0;
    }
    // The name of the process, in parentheses, may hold anything.
    const fields = ['', '', ...stat.slice(stat.lastIndexOf(')') + 2).split(' ')];
    const counted = pid === this.stack.postgres.pid ? WITH_ENDED_CHILDREN : OWN;
    return counted.reduce((sum, field) => sum + Number(fields[field]), 0) * TICK_MS;
  }
}

/** Everything that the machine did: all but idling and waiting for the disk. */
function ofMachine(): number {
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/).map(Number);
  const [user, nice, system, , , irq, softirq] = fields as [number, number, number, number, number, number, number];
  return (user + nice + system + irq + softirq) * TICK_MS;
}
