import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MODULES } from '../../src/modules/graph.mjs';
import { ROOT } from './project.mjs';

const built = (path) => import(pathToFileURL(join(ROOT, 'dist', path)).href);

/** Everything that is generated: whole files, and marked parts of files that people write. */
export async function generate() {
  const [{ ORDER_TRANSITIONS }, { SINGLE_PAYMENT_STATUSES, mayBecome }, { SETTINGS }, documents] = await Promise.all([
    built('src/modules/orders/order.state.js'),
    built('src/modules/payments/payment.state.js'),
    built('src/config/index.js'),
    apiDocuments(),
  ]);
  // Asked after the modules are loaded, since each declares its own.
  const [{ errorCatalog }, { eventCatalog }, { jobCatalog }, { HTTP_STATUS }] = await Promise.all(
    ['errors', 'outbox', 'jobs', 'http'].map((lib) => built(`libs/${lib}/src/index.js`)),
  );
  return {
    files: {
      'docs/openapi.json': json(documents.storefront),
      'docs/openapi-admin.json': json(documents.staff),
      'docs/errors.md': errorsPage(errorCatalog(), HTTP_STATUS),
      'docs/events.md': eventsPage(eventCatalog(), jobCatalog()),
    },
    parts: {
      'README.md': { settings: settingsTable(SETTINGS) },
      'docs/architecture.md': {
        modules: `${moduleDiagram(MODULES)}\n\n${moduleTable(MODULES)}`,
        'order-states': orderDiagram(ORDER_TRANSITIONS),
        'payment-states': paymentTable(SINGLE_PAYMENT_STATUSES, mayBecome),
      },
    },
  };
}

/** Both OpenAPI documents, read off the controllers: nothing is instantiated, so no database is needed. */
async function apiDocuments() {
  await import('reflect-metadata');
  const [{ NestFactory }, { FastifyAdapter }, { AppModule }, { createDocuments }, { loadConfig }] = await Promise.all([
    import('@nestjs/core'),
    import('@nestjs/platform-fastify'),
    built('src/app.module.js'),
    built('src/docs/index.js'),
    built('src/config/index.js'),
  ]);
  const dataDir = mkdtempSync(join(tmpdir(), 'emporium-docs-'));
  try {
    const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: dataDir });
    const app = await NestFactory.create(AppModule.register(config, 'cli'), new FastifyAdapter(), {
      preview: true,
      logger: false,
      abortOnError: false,
    });
    return createDocuments(app);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const json = (value) => `${JSON.stringify(value, null, 1)}\n`;
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const generated = '<!-- Written by npm run docs. -->';

function settingsTable(settings) {
  return table(
    ['setting', 'default', 'meaning'],
    settings.map((setting) => [`\`${setting.name}\``, setting.default, setting.meaning]),
  );
}

function errorsPage(errors, statusOf) {
  return `${generated}

# Error codes

Every error is an \`application/problem+json\` document (RFC 9457). Programs look at \`code\`, which never changes; texts are for people and may. The same list is served at \`/errors\`.

${table(
  ['code', 'status', 'meaning', 'what to do'],
  errors.map((error) => [`\`${error.code}\``, statusOf[error.kind], error.title, error.help ?? '']),
)}
`;
}

function eventsPage(events, jobs) {
  const startedBy = (job) =>
    [...(job.on ?? []).map((topic) => `\`${topic}\``), ...(job.everyMs ? [`every ${duration(job.everyMs)}`] : [])].join(
      ', ',
    ) || 'when it is needed';
  return `${generated}

# Events and jobs

An event is a fact, in the past tense. It is written to the outbox in the transaction of the change that it tells of, so it is announced if and only if the change happened, and once. Payloads hold ids and amounts, no personal data: whoever listens looks up what they need. A \`version\` grows when a payload changes in a way that could surprise a listener.

${events
  .map((event) => {
    const listeners = jobs.filter((job) => job.on?.includes(event.topic)).map((job) => `\`${job.name}\``);
    return `## \`${event.topic}\` (version ${event.version})

${event.description}

\`\`\`json
${JSON.stringify(event.example, null, 2)}
\`\`\`

Starts: ${listeners.join(', ') || 'nothing yet'}.`;
  })
  .join('\n\n')}

## Jobs

Every job is a row in Postgres with at most so many tries; then it is a dead letter that staff can see and start again.

${table(
  ['job', 'queue', 'started by', 'what it does'],
  [...jobs]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((job) => [`\`${job.name}\``, job.queue, startedBy(job), sentence(job.description)]),
)}
`;
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

function duration(ms) {
  if (ms % 86_400_000 === 0) return ms === 86_400_000 ? 'day' : `${ms / 86_400_000} days`;
  if (ms % 3_600_000 === 0) return ms === 3_600_000 ? 'hour' : `${ms / 3_600_000} hours`;
  return ms === 60_000 ? 'minute' : `${ms / 1_000} s`;
}

/** Only the imports that no other import implies: the whole graph would be a ball of wool. The table has them all. */
function moduleDiagram(modules) {
  const reaches = (from, to) => modules[from].some((next) => next === to || reaches(next, to));
  const edges = Object.entries(modules).flatMap(([name, uses]) =>
    uses.filter((used) => !uses.some((other) => other !== used && reaches(other, used))).map((used) => [name, used]),
  );
  const alone = Object.keys(modules).filter((name) => !edges.flat().includes(name));
  return [
    '```mermaid',
    'flowchart TD',
    ...edges.map(([from, to]) => `  ${from} --> ${to}`),
    ...alone.map((name) => `  ${name}`),
    '```',
  ].join('\n');
}

function moduleTable(modules) {
  return table(
    ['module', 'may use'],
    Object.entries(modules).map(([name, uses]) => [`\`${name}\``, uses.join(', ') || 'no other module']),
  );
}

function orderDiagram(transitions) {
  const lines = Object.entries(transitions).flatMap(([from, targets]) =>
    targets.map((to) => `  ${from === 'null' ? '[*]' : from} --> ${to}`),
  );
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n');
}

function paymentTable(statuses, mayBecome) {
  return table(
    ['a payment that is', 'may become'],
    statuses.map((from) => [
      `\`${from}\``,
      statuses
        .filter((to) => to !== from && mayBecome(from, to))
        .map((to) => `\`${to}\``)
        .join(', ') || 'nothing else',
    ]),
  );
}
