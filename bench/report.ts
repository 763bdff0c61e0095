import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeliveryResult } from './client/deliver.js';
import { type CpuTimes, WORKERS } from './cpu.js';
import type { LoadResult } from './client/load.js';
import type { LoginCrowd } from './logins.js';
import type { Machine } from './machine.js';
import type { Drain, Measured, Measurements } from './measure.js';
import {
  type BenchOptions,
  type Journey,
  LOGINS_PER_SECOND,
  MAX_LOGIN_SLOWDOWN,
  MAX_MEMORY_MB,
  MAX_WEBHOOK_P99_MS,
  TARGETS,
  WEBHOOKS_PER_SECOND,
} from './options.js';

/** One line of the table. */
export interface Row {
  what: string;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Of every round. */
  rounds: number[];
  errors: number;
  messages: string[];
  /** Milliseconds of CPU for one journey, all that it caused. */
  cpu: CpuTimes;
  ratio?: number;
  target?: number;
}

export interface Report {
  at: string;
  options: BenchOptions;
  machine: Machine;
  rows: Row[];
  /** Null when they were not measured. */
  webhooks: DeliveryResult | null;
  logins: LoginCrowd | null;
  memoryMb: number;
  worker: { jobs: number; mails: number; orders: number; drains: Drain[] };
  books: { checks: number; violations: { id: string; title: string; count: number; sample: string }[] };
  /** Everything that is not as it must be, in words. */
  failures: string[];
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function rowOf(what: string, { rounds, cpu }: Measured): Row {
  const journeys = rounds.reduce((sum, round) => sum + round.journeys, 0);
  const of = (key: 'perSecond' | 'p50' | 'p95' | 'p99') => median(rounds.map((round: LoadResult) => round[key]));
  return {
    what,
    perSecond: of('perSecond'),
    p50: of('p50'),
    p95: of('p95'),
    p99: of('p99'),
    rounds: rounds.map((round) => round.perSecond),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    messages: [...new Set(rounds.flatMap((round) => round.messages))],
    cpu: Object.fromEntries(Object.entries(cpu).map(([who, ms]) => [who, ms / Math.max(1, journeys)])),
  };
}

/** The floors, and below each what is compared with it. */
export function rowsOf({ shop, floor }: Measurements): Row[] {
  return [...floor].flatMap(([name, measured]) => {
    const bare = rowOf(`bare ${name}`, measured);
    const compared = [...shop].filter(([journey]) => TARGETS[journey].floor === name);
    return [
      bare,
      ...compared.map(([journey, ours]: [Journey, Measured]): Row => {
        const row = rowOf(TARGETS[journey].title, ours);
        return { ...row, ratio: row.perSecond / bare.perSecond, target: TARGETS[journey].ratio };
      }),
    ];
  });
}

/** What is not as it must be. */
export function failuresOf(report: Omit<Report, 'failures'>): string[] {
  const { rows, webhooks, logins, memoryMb, books, worker } = report;
  return [
    ...rows
      .filter((row) => row.errors > 0)
      .map((row) => `${row.what}: ${row.errors} errors, such as ${row.messages[0]}`),
    ...rows
      .filter((row) => row.ratio !== undefined && row.ratio < row.target!)
      .map((row) => `${row.what} reaches ${row.ratio!.toFixed(2)} of the bare server, not ${row.target}`),
    ...(webhooks && webhooks.errors > 0
      ? [`webhooks: ${webhooks.errors} errors, such as ${webhooks.messages[0]}`]
      : []),
    ...(webhooks && !isPrompt(webhooks)
      ? [`webhooks: 99 of 100 are answered within ${webhooks.p99.toFixed(0)} ms, not ${MAX_WEBHOOK_P99_MS}`]
      : []),
    ...(logins ? loginFailures(logins) : []),
    ...(memoryMb > MAX_MEMORY_MB ? [`the API holds ${Math.round(memoryMb)} MB, more than ${MAX_MEMORY_MB}`] : []),
    ...books.violations.map(({ id, title, count }) => `the books: ${id} ${title}: ${count}`),
    ...(worker.mails < worker.orders ? [`${worker.orders} orders, but ${worker.mails} confirmations`] : []),
  ];
}

const slowdownOf = ({ quiet, beside }: LoginCrowd) => beside.p99 / quiet.p99;

function loginFailures(crowd: LoginCrowd): string[] {
  const errors = crowd.quiet.errors + crowd.beside.errors + crowd.logins.errors;
  const [message] = [crowd.quiet, crowd.beside, crowd.logins].flatMap(({ messages }) => messages);
  return [
    ...(errors > 0 ? [`logins: ${errors} errors, such as ${message}`] : []),
    ...(slowdownOf(crowd) > MAX_LOGIN_SLOWDOWN
      ? [
          `logins: 99 of 100 pages take ${slowdownOf(crowd).toFixed(1)} times as long beside them, not ${MAX_LOGIN_SLOWDOWN}`,
        ]
      : []),
  ];
}

/** Answered in time, at the rate that was asked for. */
const isPrompt = ({ p99, perSecond }: DeliveryResult) =>
  p99 <= MAX_WEBHOOK_P99_MS && perSecond >= WEBHOOKS_PER_SECOND * 0.95;

const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

function cells(row: Row): string[] {
  const isReached = row.ratio === undefined || row.ratio >= row.target!;
  return [
    row.what,
    number(row.perSecond),
    row.p50.toFixed(1),
    row.p95.toFixed(1),
    row.p99.toFixed(1),
    String(row.errors),
    row.ratio === undefined ? '1' : row.ratio.toFixed(2),
    row.target === undefined ? '' : `≥ ${row.target.toFixed(2)}`,
    row.errors > 0 || !isReached ? '✗' : row.target === undefined ? '' : '✓',
  ];
}

const HEAD = ['', 'per second', 'p50 ms', 'p95 ms', 'p99 ms', 'errors', 'of bare', 'aim', ''];

/** The table, aligned for a terminal; it is Markdown too. */
export function table(rows: readonly Row[]): string {
  return aligned([HEAD, ...rows.map(cells)]);
}

/** Where the CPU time of one journey goes, in milliseconds: of these figures a busy machine changes little. */
export function cpuTable(rows: readonly Row[]): string {
  const who = WORKERS.filter((worker) => rows.some((row) => (row.cpu[worker] ?? 0) >= 0.005));
  const total = ({ cpu }: Row) => WORKERS.reduce((sum, w) => sum + (w === 'anything else' ? 0 : (cpu[w] ?? 0)), 0);
  return aligned([
    ['CPU ms of one', ...rows.map((row) => row.what)],
    ...who.map((worker) => [worker, ...rows.map((row) => (row.cpu[worker] ?? 0).toFixed(2))]),
    ['all but anything else', ...rows.map((row) => total(row).toFixed(2))],
  ]);
}

function aligned(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length), 3));
  const write = (line: string[]) =>
    `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [write(lines[0]!), rule, ...lines.slice(1).map(write)].join('\n');
}

/** The report for people. */
export function markdown(report: Report): string {
  const { machine: m, options: o, worker: w, books, failures } = report;
  const mark = (isGood: boolean) => (isGood ? '✓' : '✗');
  const longest = Math.max(0, ...w.drains.map((drain) => drain.seconds));
  const most = Math.max(0, ...w.drains.map((drain) => drain.waiting));
  return [
    table(report.rows),
    '',
    ...(report.rows.some((row) => Object.keys(row.cpu).length > 0) ? [cpuTable(report.rows), ''] : []),
    `${o.connections} connections, ${o.rounds} rounds of ${o.seconds} s, the median counts; "checkout" is four requests, "add to cart" two; ${o.promotions} active promotions${o.promotions > 0 && o.areApart ? ', of which one applies to an order' : ''}.`,
    '',
    ...(report.webhooks
      ? [
          `- ${mark(isPrompt(report.webhooks) && report.webhooks.errors === 0)} webhooks: ${report.webhooks.sent} events of Stripe at ${report.webhooks.perSecond.toFixed(0)} a second are answered within ${report.webhooks.p50.toFixed(1)} ms (p50), ${report.webhooks.p99.toFixed(1)} ms (p99, at most ${MAX_WEBHOOK_P99_MS}), ${report.webhooks.max.toFixed(0)} ms (the slowest)`,
        ]
      : []),
    ...(report.logins
      ? [
          `- ${mark(loginFailures(report.logins).length === 0)} logins: beside ${LOGINS_PER_SECOND} a second for ${(report.logins.logins.sent / LOGINS_PER_SECOND).toFixed(0)} s (${report.logins.logins.statuses[401] ?? 0} looked at, ${report.logins.logins.statuses[429] ?? 0} told to come back) product lists take ${report.logins.beside.p99.toFixed(1)} ms (p99) instead of ${report.logins.quiet.p99.toFixed(1)} ms: ${slowdownOf(report.logins).toFixed(1)} times as long, at most ${MAX_LOGIN_SLOWDOWN}`,
        ]
      : []),
    `- ${mark(report.memoryMb <= MAX_MEMORY_MB)} memory of the API afterwards: ${Math.round(report.memoryMb)} MB (at most ${MAX_MEMORY_MB})`,
    `- ${mark(w.mails >= w.orders)} worker: ${w.jobs} jobs done, ${w.mails} mails for ${w.orders} orders; at most ${most} waited when a round ended, drained within ${longest.toFixed(1)} s`,
    `- ${mark(books.violations.length === 0)} books: ${books.checks} checks, ${books.violations.length} violations`,
    `- machine: ${m.cores} cores (${m.cpu}), ${m.memoryGb} GB, ${m.system}; Node.js ${m.node}, Postgres ${m.postgres}, ${m.redis}; fsync ${m.fsyncMs.toFixed(2)} ms; load before ${m.loadBefore.toFixed(2)}`,
    ...(failures.length > 0 ? ['', ...failures.map((failure) => `✗ ${failure}`)] : []),
    '',
  ].join('\n');
}

/** Keeps the report as Markdown and JSON. */
export function keep(report: Report, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.md'), markdown(report));
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}
