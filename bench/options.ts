/** What is measured, in the order in which it is reported. */
export const JOURNEYS = ['list', 'detail', 'search', 'cart', 'checkout'] as const;
export type Journey = (typeof JOURNEYS)[number];

/** What the bare server does for comparison. */
export const FLOORS = ['list', 'detail', 'cart', 'order'] as const;
export type Floor = (typeof FLOORS)[number];

/** The floor that a journey is compared with, and the share of it that must be reached. */
export const TARGETS: Record<Journey, { title: string; floor: Floor; ratio: number }> = {
  list: { title: 'product list', floor: 'list', ratio: 0.6 },
  detail: { title: 'product detail', floor: 'detail', ratio: 0.6 },
  search: { title: 'search', floor: 'list', ratio: 0.3 },
  cart: { title: 'add to cart', floor: 'cart', ratio: 0.3 },
  checkout: { title: 'checkout', floor: 'order', ratio: 0.25 },
};

/** Events of Stripe that come in a second, and the milliseconds within which 99 of 100 must be answered. */
export const WEBHOOKS_PER_SECOND = 200;
export const MAX_WEBHOOK_P99_MS = 100;

/** Sign-ins that come in a second, and by how much they may slow down who browses: 99 of 100 pages, against the time before. */
export const LOGINS_PER_SECOND = 60;
export const PAGES_PER_SECOND = 100;
export const MAX_LOGIN_SLOWDOWN = 4;

/** Memory that the API may hold after the bench. */
export const MAX_MEMORY_MB = 250;

/** What shoppers do in a catalog of any size, with how many at once, and the milliseconds within which 99 of 100 are answered. */
export const SCALE_WALKS = {
  list: { title: 'product list, a random page of the first 50', connections: 16, p99Ms: 50 },
  cursor: { title: 'product list by price, three pages by cursor', connections: 16, p99Ms: 150 },
  detail: { title: 'product detail', connections: 16, p99Ms: 50 },
  suggest: { title: 'suggestions', connections: 16, p99Ms: 50 },
  search: { title: 'search, one in five misspelled', connections: 4, p99Ms: 150 },
  facets: { title: 'facets of a search', connections: 4, p99Ms: 250 },
  ranges: { title: 'facets of a range of weights', connections: 4, p99Ms: 250 },
  narrowed: { title: 'facets of a category up to a price', connections: 4, p99Ms: 250 },
  allFacets: { title: 'facets of everything', connections: 4, p99Ms: 250 },
  categories: { title: 'tree of categories with counts', connections: 16, p99Ms: 50 },
} as const;
export type ScaleWalk = keyof typeof SCALE_WALKS;

export interface BenchOptions {
  /** Of each round. */
  seconds: number;
  rounds: number;
  connections: number;
  /** Active promotions of the shop. */
  promotions: number;
  /** Whether none of them goes together with another, as the API makes them unless told otherwise; else all do. */
  areApart: boolean;
  journeys: Journey[];
  /** Whether the answers to Stripe's events are measured. */
  webhooks: boolean;
  /** Whether it is measured how browsing gets on beside a crowd that signs in. */
  logins: boolean;
  /** Writes a CPU profile of the API and of the worker beside the report. */
  profile: boolean;
  /** Counts what each statement costs in Postgres, which slows it down a little. */
  statements: boolean;
  /** Sizes of the catalog to measure instead of the journeys, in products; null for the journeys. */
  scale: number[] | null;
  /** Of a scale run: what is measured. */
  walks: ScaleWalk[];
  /** Products to import from a file instead, to see how fast that is and what memory it takes; null for no import. */
  imported: number | null;
  /** Where the shop of a scale run is kept, for the next run to go on with; null: it is made anew and thrown away. */
  keep: string | null;
}

/** A wrong argument, in words for the person at the terminal. */
export class UsageError extends Error {}

const USAGE = `npm run bench [-- OPTIONS]
  --seconds N       seconds of each round (8)
  --rounds N        rounds; the median counts (3)
  --connections N   shoppers at once, each on a connection of their own (16)
  --promotions N    active promotions of the shop (0), which all go together: nearly four apply to an order of two lines
  --apart           of them only one applies to an order: none goes together with another, as the API makes them by default
  --only A,B        of ${JOURNEYS.join(', ')}, webhooks, logins (all)
  --profile         keeps CPU profiles of API and worker in bench/.out
  --statements      tells what each statement costs in Postgres
  --scale A,B       instead: how lists and searches get on with catalogs of so many products, 1000 and more
                    (with --only A,B: of ${Object.keys(SCALE_WALKS).join(', ')})
  --import N        instead: imports a file of N products, tells how fast and with what memory
  --keep DIR        with --scale: keeps the shop there, so that a run that was interrupted goes on where it was`;

/** Reads the command line. @throws UsageError */
export function parseOptions(args: readonly string[]): BenchOptions {
  const options: BenchOptions = {
    seconds: 8,
    rounds: 3,
    connections: 16,
    promotions: 0,
    areApart: false,
    journeys: [...JOURNEYS],
    webhooks: true,
    logins: true,
    profile: false,
    statements: false,
    scale: null,
    walks: Object.keys(SCALE_WALKS) as ScaleWalk[],
    imported: null,
    keep: null,
  };
  let only: string[] | null = null;
  const rest = [...args];
  const number = (name: string, min: number, max: number) => {
    const text = rest.shift() ?? '';
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < min || value > max)
      throw new UsageError(`${name} takes a number from ${min} to ${max}.\n\n${USAGE}`);
    return value;
  };
  while (rest.length > 0) {
    const name = rest.shift()!;
    if (name === '--seconds') options.seconds = number(name, 0.5, 600);
    else if (name === '--rounds') options.rounds = Math.round(number(name, 1, 100));
    else if (name === '--connections') options.connections = Math.round(number(name, 1, 1000));
    else if (name === '--promotions') options.promotions = Math.round(number(name, 0, 1000));
    else if (name === '--profile') options.profile = true;
    else if (name === '--apart') options.areApart = true;
    else if (name === '--statements') options.statements = true;
    else if (name === '--keep') {
      options.keep = rest.shift() ?? null;
      if (options.keep === null || options.keep.startsWith('--'))
        throw new UsageError(`--keep takes a directory.\n\n${USAGE}`);
    } else if (name === '--scale') {
      const sizes = (rest.shift() ?? '').split(',').map(Number);
      if (sizes.some((size) => !Number.isInteger(size) || size < 1_000 || size > 1_000_000))
        throw new UsageError(`--scale takes numbers from 1000 to 1000000.\n\n${USAGE}`);
      options.scale = sizes.sort((a, b) => a - b);
    } else if (name === '--import') options.imported = Math.round(number(name, 1, 1_000_000));
    else if (name === '--only') only = (rest.shift() ?? '').split(',');
    else throw new UsageError(`${name} is unknown.\n\n${USAGE}`);
  }
  if (only) choose(options, only);
  return options;
}

/** @throws UsageError */
function choose(options: BenchOptions, wanted: readonly string[]): void {
  const known = options.scale ? options.walks : [...JOURNEYS, 'webhooks', 'logins'];
  const unknown = wanted.find((one) => !(known as readonly string[]).includes(one));
  if (unknown !== undefined) throw new UsageError(`--only does not know "${unknown}".\n\n${USAGE}`);
  options.walks = options.walks.filter((walk) => wanted.includes(walk));
  options.journeys = JOURNEYS.filter((journey) => wanted.includes(journey));
  options.webhooks = wanted.includes('webhooks');
  options.logins = wanted.includes('logins');
}
