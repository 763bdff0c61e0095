import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, invalid } from './api-error.js';
import type { ChaosRules } from './chaos.js';
import type { Emulator } from './emulator.js';
import { readBody } from './http/body.js';

type Body = Record<string, unknown>;
type Handler = (emulator: Emulator, body: Body, query: URLSearchParams) => unknown;

const text = (body: Body, name: string): string => {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw invalid(`"${name}" is needed.`, { param: name });
  return value;
};
const optionalNumber = (body: Body, name: string): number | undefined => {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw invalid(`"${name}" must be a number.`, { param: name });
  return value;
};
const optionalText = (body: Body, name: string): string | undefined =>
  body[name] === undefined ? undefined : text(body, name);
function optionalTexts(body: Body, name: string): Record<string, string> | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')) {
    return value as Record<string, string>;
  }
  throw invalid(`"${name}" must be an object of texts.`, { param: name });
}
const optionalFlag = (body: Body, name: string): boolean | undefined => {
  const value = body[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`"${name}" must be true or false.`, { param: name });
};
function optionalWord<W extends string>(body: Body, name: string, words: readonly W[]): W | undefined {
  const value = optionalText(body, name) as W | undefined;
  if (value === undefined || words.includes(value)) return value;
  throw invalid(`"${name}" must be one of ${words.join(', ')}.`, { param: name });
}
/** A dispute by its id or by that of its intent. */
const disputeOf = (body: Body): string => text(body, body['dispute'] === undefined ? 'payment_intent' : 'dispute');
function finish3ds(emulator: Emulator, body: Body, isApproved: boolean): object {
  if (body['setup_intent'] !== undefined) return emulator.finishSetup3ds(text(body, 'setup_intent'), isApproved);
  const intent = text(body, 'payment_intent');
  return isApproved ? emulator.approve3ds(intent) : emulator.fail3ds(intent);
}
const types = (body: Body): string[] | undefined =>
  Array.isArray(body['types']) ? body['types'].map(String) : undefined;

const HANDLERS: Record<string, Handler> = {
  'POST /_emulator/reset': (emulator) => {
    emulator.reset();
    return { ok: true };
  },
  'GET /_emulator/state': (emulator) => emulator.state(),
  'GET /_emulator/requests': (emulator, _body, query) =>
    emulator.requests({ method: query.get('method') ?? undefined, path: query.get('path') ?? undefined }),
  'GET /_emulator/deliveries': (emulator, _body, query) =>
    emulator.deliveries({ type: query.get('type') ?? undefined, event: query.get('event') ?? undefined }),
  'GET /_emulator/chaos': (emulator) => emulator.chaos(),
  'POST /_emulator/chaos': (emulator, body) => {
    emulator.setChaos(body as ChaosRules);
    return emulator.chaos();
  },
  'DELETE /_emulator/chaos': (emulator) => {
    emulator.clearChaos();
    return emulator.chaos();
  },
  'GET /_emulator/problems': (emulator) => emulator.problems(),
  'POST /_emulator/webhook_endpoints': (emulator, body) => {
    const wanted = body['enabled_events'];
    const id = emulator.addWebhookEndpoint({
      url: text(body, 'url'),
      secret: text(body, 'secret'),
      previousSecret: optionalText(body, 'previous_secret'),
      enabledEvents: Array.isArray(wanted) ? wanted.map(String) : undefined,
      apiVersion: optionalText(body, 'api_version'),
      payload: optionalWord(body, 'payload', ['snapshot', 'thin']),
    });
    return { id };
  },
  'POST /_emulator/actions/approve3ds': (emulator, body) => finish3ds(emulator, body, true),
  'POST /_emulator/actions/fail3ds': (emulator, body) => finish3ds(emulator, body, false),
  'POST /_emulator/actions/dashboardRefund': (emulator, body) =>
    emulator.dashboardRefund(text(body, 'payment_intent'), optionalNumber(body, 'amount')),
  'POST /_emulator/actions/dashboardCancel': (emulator, body) => emulator.dashboardCancel(text(body, 'payment_intent')),
  'POST /_emulator/actions/dashboardCapture': (emulator, body) =>
    emulator.dashboardCapture(text(body, 'payment_intent'), optionalNumber(body, 'amount')),
  'POST /_emulator/actions/dashboardUpdate': (emulator, body) =>
    emulator.dashboardUpdate(text(body, 'payment_intent'), {
      amount: optionalNumber(body, 'amount'),
      currency: optionalText(body, 'currency'),
      description: optionalText(body, 'description'),
      metadata: optionalTexts(body, 'metadata'),
    }),
  'POST /_emulator/actions/expireHold': (emulator, body) => emulator.expireHold(text(body, 'payment_intent')),
  'POST /_emulator/actions/finishProcessing': (emulator, body) =>
    emulator.finishProcessing(text(body, 'payment_intent'), optionalWord(body, 'outcome', ['succeeded', 'failed'])),
  'POST /_emulator/actions/refundOutcome': (emulator, body) =>
    emulator.refundOutcome(
      text(body, body['refund'] === undefined ? 'payment_intent' : 'refund'),
      optionalWord(body, 'outcome', ['succeeded', 'failed', 'canceled']) ?? 'failed',
    ),
  'GET /_emulator/clock': (emulator) => emulator.time(),
  'POST /_emulator/clock/advance': (emulator, body) => {
    emulator.advance({
      days: optionalNumber(body, 'days'),
      hours: optionalNumber(body, 'hours'),
      minutes: optionalNumber(body, 'minutes'),
      seconds: optionalNumber(body, 'seconds'),
    });
    return emulator.time();
  },
  'POST /_emulator/actions/openDispute': (emulator, body) =>
    emulator.openDispute(text(body, 'payment_intent'), {
      kind: optionalWord(body, 'kind', ['chargeback', 'inquiry', 'prevented']),
      reason: optionalText(body, 'reason'),
      amount: optionalNumber(body, 'amount'),
      withdraw: optionalFlag(body, 'withdraw'),
      dueInDays: optionalNumber(body, 'due_in_days'),
    }),
  'POST /_emulator/actions/winDispute': (emulator, body) =>
    emulator.winDispute(disputeOf(body), { reinstate: optionalFlag(body, 'reinstate') }),
  'POST /_emulator/actions/loseDispute': (emulator, body) => emulator.loseDispute(disputeOf(body)),
  'POST /_emulator/actions/withdrawFunds': (emulator, body) => emulator.withdrawFunds(disputeOf(body)),
  'POST /_emulator/actions/reinstateFunds': (emulator, body) => emulator.reinstateFunds(disputeOf(body)),
  'POST /_emulator/actions/escalateDispute': (emulator, body) => emulator.escalateDispute(disputeOf(body)),
  'POST /_emulator/actions/warnOfFraud': (emulator, body) =>
    emulator.warnOfFraud(text(body, 'payment_intent'), optionalText(body, 'fraud_type')),
  'POST /_emulator/actions/resend': (emulator, body) => ({ deliveries: emulator.resend(text(body, 'event')) }),
  'POST /_emulator/actions/release': (emulator, body) => ({ deliveries: emulator.release(types(body)) }),
  'POST /_emulator/actions/settle': (emulator) => {
    emulator.settle();
    return { ok: true };
  },
};

/** The control panel of the emulator: JSON in, JSON out. Nothing of it exists at Stripe. */
export async function handleAdmin(
  emulator: Emulator,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: string,
): Promise<void> {
  const answer = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value, null, 2));
  };
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    answer(403, { error: { message: 'Pages of other sites may not steer the emulator.' } });
    return;
  }
  const handler = HANDLERS[`${request.method} ${path}`];
  if (handler === undefined) {
    answer(404, { error: { message: 'No such operation.', operations: Object.keys(HANDLERS) } });
    return;
  }
  try {
    const raw = await readBody(request);
    const body = raw === '' ? {} : parsed(raw);
    answer(200, handler(emulator, body, new URLSearchParams(query)));
  } catch (error) {
    if (error instanceof RangeError) {
      answer(400, { error: { message: error.message } });
      return;
    }
    if (!(error instanceof ApiError)) throw error;
    answer(error.status, { error: { message: error.message, code: error.body.code } });
  }
}

function parsed(raw: string): Body {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw invalid('The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null) throw invalid('The body is not a JSON object.');
  return value as Body;
}
