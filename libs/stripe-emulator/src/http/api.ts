import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, envelope, invalid } from '../api-error.js';
import type { ApiRule, Chaos } from '../chaos.js';
import { type Engine, Scope } from '../engine.js';
import type { Exchange } from '../exchange.js';
import { expand } from '../expand.js';
import { list, string } from '../fields.js';
import { parseForm, type RawParams } from '../form.js';
import { newId } from '../random.js';
import { publicView } from '../resources/public-view.js';
import type { SavedResult } from '../store.js';
import { API_VERSION } from '../version.js';
import type { Dispatcher } from '../webhooks/dispatcher.js';
import { authenticate } from './auth.js';
import { readBody } from './body.js';
import type { IdempotencyKeys, KeyedRequest } from './idempotency.js';
import type { LoggedRequest, RequestLog } from './request-log.js';
import type { Match, Router } from './router.js';

interface Answer {
  status: number;
  body: string;
  /** Set when the answer is the saved one of this request. */
  originalRequest?: string;
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, stripe-version',
  'access-control-expose-headers': 'Request-Id',
};

/** The HTTP face of the API: keys, parameters, idempotency, errors in Stripe's envelope, disturbances. */
export class Api {
  constructor(
    private readonly engine: Engine,
    private readonly router: Router,
    private readonly keys: IdempotencyKeys,
    private readonly log: RequestLog,
    private readonly chaos: Chaos,
    private readonly dispatcher: Dispatcher,
    private readonly observe: ((exchange: Exchange) => void) | undefined,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): Promise<void> {
    const method = request.method ?? 'GET';
    if (method === 'OPTIONS') {
      response.writeHead(204, CORS).end();
      return;
    }
    const startedAt = this.engine.clock.now();
    const match = this.router.match(method, path);
    const entry = this.log.add({
      id: newId('req'),
      at: startedAt,
      method,
      path,
      params: {},
      key: null,
      idempotencyKey: header(request, 'idempotency-key'),
      stripeVersion: header(request, 'stripe-version'),
      isKnownRoute: match !== undefined,
      status: null,
      errorType: null,
      errorCode: null,
      isReplay: false,
      chaos: null,
      durationMs: null,
    });
    const body = await this.bodyOf(request, response, entry);
    if (body === undefined) return;
    entry.params = parseForm(method === 'POST' ? body : query);
    const rule = this.chaos.takeApi(method, path);
    entry.chaos = rule?.kind ?? null;
    if (rule !== undefined && !isExecuted(rule) && !isStored(rule)) {
      this.disturb(response, rule, entry);
      return;
    }
    const { answer, events } = await this.answer(request, match, entry, rule, body + query);
    if (this.observe !== undefined && match !== undefined) this.tell(this.observe, match, entry, answer);
    const { before, after } = this.dispatcher.plan(events);
    this.engine.store.flush();
    if (before.length > 0) await this.dispatcher.deliver(before);
    this.finishKey(entry);
    entry.durationMs = this.engine.clock.now() - startedAt;
    if (rule !== undefined && rule.kind !== 'slow' && !isStored(rule)) this.disturb(response, rule, entry, answer);
    else this.send(response, entry, answer);
    // Stripe's events set out after the answer; a receiver may still be faster than the caller.
    setImmediate(() => this.dispatcher.start(after));
  }

  private tell(observe: (exchange: Exchange) => void, match: Match, entry: LoggedRequest, answer: Answer): void {
    observe({
      method: entry.method,
      pattern: match.route.pattern,
      params: entry.params,
      isBrowser: entry.key === 'publishable',
      status: answer.status,
      body: JSON.parse(answer.body) as object,
    });
  }

  private async bodyOf(
    request: IncomingMessage,
    response: ServerResponse,
    entry: LoggedRequest,
  ): Promise<string | undefined> {
    try {
      return await readBody(request);
    } catch (error) {
      const failure = error instanceof ApiError ? error : invalid('The request body could not be read.');
      this.send(response, entry, failed(failure, entry));
      return undefined;
    }
  }

  /** Runs the operation, or finds its saved answer. */
  private async answer(
    request: IncomingMessage,
    match: Match | undefined,
    entry: LoggedRequest,
    rule: ApiRule | undefined,
    fingerprint: string,
  ): Promise<{ answer: Answer; events: ReturnType<Scope['takeEvents']> }> {
    let keyed: KeyedRequest | undefined;
    const scope = new Scope(this.engine, { requestId: entry.id, idempotencyKey: entry.idempotencyKey });
    try {
      entry.key = authenticate(request.headers.authorization);
      if (entry.method === 'POST' && entry.idempotencyKey !== null) {
        const wanted = { key: entry.idempotencyKey, method: entry.method, path: entry.path, fingerprint };
        const saved = this.keys.begin(wanted);
        if (saved !== undefined) return { answer: replayed(saved, entry), events: [] };
        keyed = wanted;
        this.open.set(entry, wanted);
      }
      if (rule?.kind === 'slow') await sleep(rule.delayMs ?? 1000);
      if (rule !== undefined && isStored(rule)) {
        if (isExecuted(rule)) this.run(match, entry, scope);
        throw faultOf(rule);
      }
      const answer = { status: 200, body: this.run(match, entry, scope) };
      if (scope.slowMs > 0) await sleep(scope.slowMs);
      if (keyed !== undefined) this.keys.save(keyed, { ...answer, requestId: entry.id });
      entry.status = 200;
      return { answer, events: scope.takeEvents() };
    } catch (error) {
      const failure = error instanceof ApiError ? error : crashed(error);
      const { payment_intent: payment, setup_intent: setup } = failure.body;
      if (entry.key === 'publishable') {
        if (payment !== undefined) failure.body.payment_intent = publicView(payment);
        if (setup !== undefined) failure.body.setup_intent = publicView(setup);
      }
      const answer = failed(failure, entry);
      if (keyed !== undefined && failure.isStored) this.keys.save(keyed, { ...answer, requestId: entry.id });
      return { answer, events: scope.takeEvents() };
    }
  }

  /** Keys of requests that are not answered yet: they count as in progress until then. */
  private readonly open = new Map<LoggedRequest, KeyedRequest>();

  private finishKey(entry: LoggedRequest): void {
    const keyed = this.open.get(entry);
    if (keyed === undefined) return;
    this.open.delete(entry);
    this.keys.end(keyed);
  }

  private run(match: Match | undefined, entry: LoggedRequest, scope: Scope): string {
    if (match === undefined) {
      throw new ApiError(404, {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${entry.method}: ${entry.path}). The emulator has no such operation.`,
      });
    }
    const { expand: asked, ...params } = entry.params as RawParams;
    const paths = asked === undefined ? [] : list(string()).parse(asked, 'expand');
    const client = this.clientOf(match, entry, params);
    if (client !== null && match.route.method === 'POST') delete params['client_secret'];
    const object = match.route.handle({ path: match.path, params, client, scope });
    const shown = client === null ? object : publicView(object);
    return JSON.stringify(expand(this.engine.store, shown, paths), null, 2);
  }

  private clientOf(match: Match, entry: LoggedRequest, params: RawParams): { secret: string | null } | null {
    if (entry.key !== 'publishable') return null;
    if (match.route.isPublic !== true) {
      throw new ApiError(403, {
        type: 'invalid_request_error',
        code: 'secret_key_required',
        message: 'This API call cannot be made with a publishable API key. Please use a secret API key.',
      });
    }
    const secret = params['client_secret'];
    return { secret: typeof secret === 'string' ? secret : null };
  }

  private send(response: ServerResponse, entry: LoggedRequest, answer: Answer): void {
    entry.status = answer.status;
    if (response.destroyed) return;
    response.writeHead(answer.status, this.headers(entry, answer)).end(answer.body);
  }

  private headers(entry: LoggedRequest, answer: Answer): Record<string, string> {
    return {
      ...CORS,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(answer.body)),
      'cache-control': 'no-cache, no-store',
      'request-id': entry.id,
      'stripe-version': entry.stripeVersion ?? API_VERSION,
      ...(entry.idempotencyKey === null ? {} : { 'idempotency-key': entry.idempotencyKey }),
      ...(answer.originalRequest === undefined
        ? {}
        : { 'original-request': answer.originalRequest, 'idempotent-replayed': 'true' }),
    };
  }

  /** What the rule makes of a call; `answer` is there when the work was done. */
  private disturb(response: ServerResponse, rule: ApiRule, entry: LoggedRequest, answer?: Answer): void {
    switch (rule.kind) {
      case 'hang':
        return;
      case 'reset_before':
      case 'reset_after':
        response.socket?.resetAndDestroy();
        return;
      case 'truncate': {
        const whole = answer ?? { status: 200, body: '{}' };
        response.writeHead(whole.status, this.headers(entry, whole));
        response.write(whole.body.slice(0, Math.ceil(whole.body.length / 2)), () => response.socket?.destroy());
        return;
      }
      case 'lock_timeout':
        this.sendStatus(response, { ...rule, kind: 'status', status: 429, code: 'lock_timeout' }, entry);
        return;
      default:
        this.sendStatus(response, rule, entry);
    }
  }

  private sendStatus(response: ServerResponse, rule: ApiRule, entry: LoggedRequest): void {
    const status = rule.status ?? 500;
    entry.status = status;
    if (rule.html === true) {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html><h1>Bad Gateway</h1></html>');
      return;
    }
    const answer = failed(faultOf(rule), entry);
    const retry = rule.shouldRetry === undefined ? {} : { 'stripe-should-retry': String(rule.shouldRetry) };
    response.writeHead(status, { ...this.headers(entry, answer), ...retry }).end(answer.body);
  }
}

interface Fault {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  code?: string;
  message: string;
}

const FAULTS_BY_CODE: Record<string, Fault> = {
  lock_timeout: {
    type: 'invalid_request_error',
    message:
      'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request.',
  },
};

const FAULTS: Record<number, Fault> = {
  400: { type: 'invalid_request_error', message: 'This cannot be done.' },
  402: { type: 'card_error', code: 'card_declined', message: 'Your card was declined.' },
  409: {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: 'Another request with this key is in progress.',
  },
  429: { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' },
  500: { type: 'api_error', message: 'An unknown error occurred.' },
  503: { type: 'api_error', message: 'Stripe is temporarily unavailable.' },
};

/** The failure that a rule asks for. */
function faultOf(rule: ApiRule): ApiError {
  const status = rule.status ?? 500;
  const { type, code, message } =
    (rule.code === undefined ? undefined : FAULTS_BY_CODE[rule.code]) ?? FAULTS[status] ?? FAULTS[500]!;
  const named = rule.code ?? code;
  return new ApiError(status, { type, message, ...(named === undefined ? {} : { code: named }) }, rule.stored);
}

const isStored = (rule: ApiRule): boolean => rule.kind === 'status' && rule.stored === true;

const isExecuted = (rule: ApiRule): boolean =>
  rule.kind === 'slow' || rule.kind === 'reset_after' || rule.kind === 'truncate' || rule.executed === true;

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function replayed(saved: SavedResult, entry: LoggedRequest): Answer {
  entry.isReplay = true;
  const { error } = JSON.parse(saved.body) as { error?: { type?: string; code?: string } };
  entry.errorType = error?.type ?? null;
  entry.errorCode = error?.code ?? null;
  return { status: saved.status, body: saved.body, originalRequest: saved.requestId };
}

function failed(failure: ApiError, entry: LoggedRequest): Answer {
  entry.status = failure.status;
  entry.errorType = failure.body.type;
  entry.errorCode = failure.body.code ?? null;
  const { error } = envelope(failure);
  return {
    status: failure.status,
    body: JSON.stringify(
      { error: { ...error, request_log_url: `https://dashboard.stripe.com/test/logs/${entry.id}` } },
      null,
      2,
    ),
  };
}

function crashed(error: unknown): ApiError {
  console.error('The Stripe emulator failed to serve a request:', error);
  return new ApiError(500, { type: 'api_error', message: 'The emulator failed; its log says why.' }, true);
}
