import type { IncomingMessage, ServerResponse } from 'node:http';
import type Stripe from 'stripe';
import { ApiError } from '../api-error.js';
import { type Engine, Scope } from '../engine.js';
import { parseForm } from '../form.js';
import { readBody } from '../http/body.js';
import type { Resources } from '../resources/index.js';
import type { AnyEvent } from '../store.js';
import { testTokenOf } from '../test-cards.js';
import { indexPage } from './index-page.js';
import { challengePage, type Form, notFoundPage, payPage, returnTarget } from './pay-page.js';
import { setupChallengePage, setupPage, setupReturnTarget } from './setup-page.js';

const INDEX_SIZE = 25;

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What a shopper sees where Stripe's own pages would be: `/pay/:client_secret` and `/3ds/:client_secret`. */
export class Pages {
  constructor(
    private readonly engine: Engine,
    private readonly resources: Resources,
    private readonly announce: (events: AnyEvent[]) => void,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): Promise<void> {
    const [, kind, secret = ''] = path.split('/');
    const intent = this.resources.intents.findBySecret(secret);
    const setup = this.resources.setups.findBySecret(secret);
    if (setup !== undefined) {
      await this.keep(setup, request, response, kind === '3ds', query);
      return;
    }
    if (intent === undefined) {
      response.writeHead(404, HEADERS).end(notFoundPage());
      return;
    }
    const isPost = request.method === 'POST';
    const params = parseForm(isPost ? await readBody(request) : query);
    const returnUrl = webUrl(params['return_url']) ?? webUrl(this.resources.machine.trait(intent).returnUrl);
    const form: Form = {
      isChallenge: kind === '3ds',
      isFromPayPage: params['from'] === 'pay',
      stay: params['stay'] === '1',
    };
    if (!isPost) {
      const isChallenge = form.isChallenge && intent.status === 'requires_action';
      response.writeHead(200, HEADERS).end((isChallenge ? challengePage : payPage)(intent, returnUrl, form));
      return;
    }
    if (form.isChallenge) this.finish(intent, params['result'] === 'approve');
    else this.pay(intent, params['payment_method'], returnUrl);
    redirect(response, this.next(intent, form, returnUrl));
  }

  /** The pages of a card that is kept without a payment. */
  private async keep(
    intent: Stripe.SetupIntent,
    request: IncomingMessage,
    response: ServerResponse,
    isChallenge: boolean,
    query: string,
  ): Promise<void> {
    const { setups, methods } = this.resources;
    const isPost = request.method === 'POST';
    const params = parseForm(isPost ? await readBody(request) : query);
    const returnUrl = webUrl(params['return_url']) ?? webUrl(setups.returnUrlOf(intent));
    const isFromPayPage = params['from'] === 'pay';
    if (!isPost) {
      const isAsked = isChallenge && intent.status === 'requires_action';
      const page = isAsked ? setupChallengePage(intent, returnUrl, isFromPayPage) : setupPage(intent, returnUrl);
      response.writeHead(200, HEADERS).end(page);
      return;
    }
    const token = testTokenOf(typeof params['payment_method'] === 'string' ? params['payment_method'] : '');
    this.change((scope) => {
      if (isChallenge) setups.finishAuthentication(intent, params['result'] === 'approve', scope);
      else if (token !== undefined) {
        setups.assertConfirmable(intent);
        setups.confirmWith(intent, methods.make(token), { returnUrl, useStripeSdk: false }, scope);
      }
    });
    if (isChallenge && !isFromPayPage && returnUrl !== null && intent.status !== 'requires_action') {
      redirect(response, setupReturnTarget(intent, returnUrl));
      return;
    }
    const onward = new URLSearchParams(returnUrl === null ? {} : { return_url: returnUrl });
    if (intent.status === 'requires_action') onward.set('from', 'pay');
    const place = intent.status === 'requires_action' ? '3ds' : 'pay';
    redirect(response, `/${place}/${encodeURIComponent(intent.client_secret ?? '')}?${onward.toString()}`);
  }

  /** The newest payments with the way to pay them. */
  index(response: ServerResponse): void {
    const newest = this.engine.store.intents.newestFirst().slice(0, INDEX_SIZE);
    response.writeHead(200, HEADERS).end(indexPage(newest, this.engine.baseUrl));
  }

  /** The page after a form: the bank's check, the result, or the shop that sent the shopper to the check. */
  private next(intent: Stripe.PaymentIntent, form: Form, returnUrl: string | null): string {
    const secret = encodeURIComponent(intent.client_secret ?? '');
    const query = new URLSearchParams(returnUrl === null ? {} : { return_url: returnUrl });
    if (form.stay) query.set('stay', '1');
    if (intent.status === 'requires_action') {
      query.set('from', 'pay');
      return `/3ds/${secret}?${query.toString()}`;
    }
    if (form.isChallenge && !form.isFromPayPage && returnUrl !== null) return returnTarget(intent, returnUrl);
    return `/pay/${secret}?${query.toString()}`;
  }

  private pay(intent: Stripe.PaymentIntent, token: unknown, returnUrl: string | null): void {
    const name = typeof token === 'string' ? testTokenOf(token) : undefined;
    if (name === undefined) return;
    this.change((scope) => {
      this.resources.machine.assertConfirmable(intent);
      const method = this.resources.methods.make(name);
      const options = { returnUrl, isOffSession: false, useStripeSdk: false, errorOnRequiresAction: false };
      this.resources.machine.confirm(intent, { ...options, method }, scope);
    });
  }

  private finish(intent: Stripe.PaymentIntent, isApproved: boolean): void {
    this.change((scope) => this.resources.machine.finishAuthentication(intent, isApproved, scope));
  }

  /** A refusal is no accident here: the next page shows the intent as it is then. */
  private change(work: (scope: Scope) => void): void {
    const scope = new Scope(this.engine);
    try {
      work(scope);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    this.announce(scope.takeEvents());
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { ...HEADERS, location }).end();
}

/** A web address, or null for anything else (a script, a file). */
function webUrl(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  const url = new URL(value);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
}
