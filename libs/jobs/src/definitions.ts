/** The queues, each with how many of its jobs one process runs at the same time. */
export const QUEUES = { orders: 2, payments: 4, notifications: 2, imports: 1, maintenance: 1 } as const;

/**
 * How many jobs of a queue travel together, to be done one after the other: where they are many and short, fetching each of
 * them from Redis and ticking it off in Postgres costs more than the job.
 */
export const BATCH_SIZES: Partial<Record<QueueName, number>> = { notifications: 10 };

/** Name of a queue. */
export type QueueName = keyof typeof QUEUES;

/** A kind of job: where it runs, what starts it, how often it is tried. */
export interface JobDefinition {
  /** `orders.send-confirmation` */
  name: string;
  queue: QueueName;
  description: string;
  /** Topics of events that start it, once for each event. */
  on?: readonly string[];
  /** Starts it again and again, whatever number of processes run. */
  everyMs?: number;
  /** Tries before it becomes a dead letter. */
  maxAttempts?: number;
  /** How long one try may take before another process takes over. */
  leaseMs?: number;
}

const catalog = new Map<string, JobDefinition>();

/** Declares a kind of job once. The boot refuses one without exactly one handler. */
export function defineJob(definition: JobDefinition): JobDefinition {
  if (catalog.has(definition.name)) throw new Error(`job declared twice: ${definition.name}`);
  catalog.set(definition.name, definition);
  return definition;
}

/** Every declared kind of job. */
export function jobCatalog(): JobDefinition[] {
  return [...catalog.values()];
}

/** The definition behind a name, if there is one. */
export function findJob(name: string): JobDefinition | undefined {
  return catalog.get(name);
}
