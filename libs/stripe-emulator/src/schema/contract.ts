import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Exchange } from '../exchange.js';
import type { AnyEvent } from '../store.js';
import type { Schemas } from './generate.js';
import { isRequest } from './roots.js';

const CACHE = join(process.cwd(), '.cache', 'stripe-schemas');

/** What the SDK's types say that requests and answers look like. */
export class Contract {
  private readonly found: string[] = [];
  /** Not judged yet: to compile the schemas takes a while, during which the emulator would not answer. */
  private readonly waiting: (() => void)[] = [];
  private readonly answers = new Map<string, ValidateFunction>();
  private readonly requests = new Map<string, ValidateFunction>();

  private constructor(schemas: Schemas) {
    const id = 'stripe';
    const answers = new Ajv({ strict: false, allErrors: false, schemas: [{ $id: id, ...schemas }] });
    // Forms carry text only.
    const requests = new Ajv({ strict: false, coerceTypes: true, schemas: [{ $id: id, ...schemas }] });
    for (const [root, name] of Object.entries(schemas.roots)) {
      const [ajv, validators] = isRequest(root) ? [requests, this.requests] : [answers, this.answers];
      validators.set(root, lazily(ajv, `${id}#/definitions/${encodeURIComponent(name)}`));
    }
  }

  /** Generates the schemas, or takes those that were generated before for the same SDK by the same generator. */
  static async load(): Promise<Contract> {
    const folder = dirname(dirname(createRequire(import.meta.url).resolve('stripe')));
    const here = import.meta.dirname;
    const hash = createHash('sha256');
    for (const file of [join(folder, 'package.json'), ...SOURCES.map((name) => sourceOf(here, name))]) {
      hash.update(readFileSync(file));
    }
    const cached = join(CACHE, `${hash.digest('hex').slice(0, 16)}.json`);
    if (!existsSync(cached)) {
      const { generateSchemas } = await import('./generate.js');
      mkdirSync(CACHE, { recursive: true });
      const fresh = `${cached}.${process.pid}`;
      writeFileSync(fresh, JSON.stringify(generateSchemas(folder)));
      renameSync(fresh, cached);
    }
    return new Contract(JSON.parse(readFileSync(cached, 'utf8')) as Schemas);
  }

  /** Notes one call and its answer; to be given to an emulator. */
  readonly observe = (exchange: Exchange): void => {
    this.waiting.push(() => this.judge(exchange));
  };

  /** Notes an event; to be given to an emulator. */
  readonly observeEvent = (event: AnyEvent): void => {
    this.waiting.push(() => {
      this.checkAnswer(event.type, event);
      this.checkAnswer(event.type, event.data.object);
    });
  };

  /** What was not as the types say so far, in words. */
  violations(): string[] {
    for (const judge of this.waiting.splice(0)) judge();
    return this.found;
  }

  /** Forgets what was found. */
  clear(): void {
    this.waiting.length = 0;
    this.found.length = 0;
  }

  private judge({ method, pattern, status, params, body, isBrowser }: Exchange): void {
    const call = `${method} ${pattern}`;
    // A refused request may be anything. A browser sends its secret, and sees a part of the object.
    if (status < 400 && !isBrowser) {
      const problem = this.request(call, params);
      if (problem !== undefined) this.found.push(`${call} was taken with ${JSON.stringify(params)}: ${problem}`);
    }
    if (status >= 400) this.checkError(call, body);
    else if (!isBrowser) this.checkAnswer(call, body);
  }

  /** What is wrong with the parameters of an operation such as `POST /v1/refunds`, or undefined. */
  request(call: string, params: object): string | undefined {
    const validate = this.requests.get(call);
    const { expand: _expand, ...copy } = JSON.parse(JSON.stringify(params)) as Record<string, unknown>;
    if (validate !== undefined) return complaintOf(validate, copy);
    return Object.keys(copy).length === 0 ? undefined : 'the operation has no parameters';
  }

  /** @throws {Error} telling what was not as the types say */
  assertKept(): void {
    const violations = new Set(this.violations());
    if (violations.size === 0) return;
    throw new Error(`Not as the SDK's types say:\n${[...violations].slice(0, 20).join('\n')}`);
  }

  private checkAnswer(where: string, answer: object): void {
    const { object, data } = answer as { object?: string; data?: object[] };
    if (object === 'list' || (object === undefined && Array.isArray(data))) {
      for (const item of data ?? []) this.checkAnswer(where, item);
      return;
    }
    const validate = this.answers.get(String(object));
    const problem = validate === undefined ? 'no such object' : complaintOf(validate, answer);
    if (problem !== undefined) this.found.push(`${where} shows ${String(object)}: ${problem}`);
  }

  private checkError(call: string, body: object): void {
    const { error } = body as { error?: Record<string, unknown> };
    const isGood =
      error !== undefined &&
      ERROR_TYPES.has(String(error['type'])) &&
      typeof error['message'] === 'string' &&
      Object.keys(error).every((key) => ERROR_KEYS.has(key));
    if (!isGood) this.found.push(`${call} answers the error ${JSON.stringify(body)}`);
  }
}

const SOURCES = ['generate', 'roots'];

const ERROR_TYPES = new Set(['api_error', 'card_error', 'idempotency_error', 'invalid_request_error']);
const ERROR_KEYS = new Set(
  (
    'type message code param decline_code advice_code network_decline_code charge payment_intent setup_intent ' +
    'payment_method doc_url request_log_url'
  ).split(' '),
);

/** The file of a module here, built or not. */
function sourceOf(folder: string, name: string): string {
  const source = join(folder, `${name}.ts`);
  return existsSync(source) ? source : join(folder, `${name}.js`);
}

/** Compiles when it is first needed: a test of refunds needs no customers. */
function lazily(ajv: Ajv, reference: string): ValidateFunction {
  let compiled: ValidateFunction | undefined;
  const validate = (data: unknown): boolean => {
    compiled ??= ajv.getSchema(reference);
    if (compiled === undefined) throw new Error(`No schema ${reference}`);
    const isValid = compiled(data) as boolean;
    (validate as unknown as ValidateFunction).errors = compiled.errors;
    return isValid;
  };
  return validate as unknown as ValidateFunction;
}

function complaintOf(validate: ValidateFunction, data: unknown): string | undefined {
  if (validate(data) as boolean) return undefined;
  return (validate.errors ?? [])
    .map((error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`)
    .join('; ');
}
