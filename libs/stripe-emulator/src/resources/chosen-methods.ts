import type Stripe from 'stripe';
import { invalid } from '../api-error.js';
import type { Parsed } from '../fields.js';
import type { ConfirmationTokens } from './confirmation-tokens.js';
import type { methodData, PaymentMethods } from './payment-methods.js';
import type { Call } from './route.js';

/** What a request says of the method that is to pay, or to be set up. */
interface Wish {
  confirmation_token?: string | undefined;
  payment_method?: string | undefined;
  payment_method_data?: Parsed<{ data: typeof methodData }>['data'] | undefined;
  return_url?: string | undefined;
  use_stripe_sdk?: boolean | undefined;
}

/** Finds the method of a confirm, alike for payments and for setups. */
export class ChosenMethods {
  constructor(
    private readonly methods: PaymentMethods,
    private readonly tokens: ConfirmationTokens,
  ) {}

  /**
   * The method that a confirm is to take, or null when nobody has named one.
   * @throws {ApiError} when two are named, or when a server confirms without a place to send a redirected shopper to
   */
  toConfirm(
    read: Wish,
    intent: Stripe.PaymentIntent | Stripe.SetupIntent | null,
    {
      kind,
      automatic,
      customer,
      isBrowser,
    }: {
      kind: 'PaymentIntent' | 'SetupIntent';
      automatic: { enabled: boolean | null; allow_redirects?: string } | null;
      customer: string | null;
      isBrowser: boolean;
    },
  ): Stripe.PaymentMethod | null {
    const returnUrl = read.return_url ?? this.tokens.returnUrlOf(read.confirmation_token);
    const mayRedirect = automatic?.enabled === true && automatic.allow_redirects !== 'never';
    if (mayRedirect && returnUrl === undefined && read.use_stripe_sdk !== true && !isBrowser) {
      throw invalid(
        `This ${kind} is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a \`return_url\`. If you do not want that, set \`automatic_payment_methods[allow_redirects]\` to \`never\` when creating the ${kind}.`,
        { param: 'return_url' },
      );
    }
    if (read.confirmation_token !== undefined) {
      if (read.payment_method !== undefined || read.payment_method_data !== undefined) {
        throw invalid('You may only specify one of these parameters: confirmation_token, payment_method.', {
          param: 'confirmation_token',
        });
      }
      return this.tokens.methodFor(read.confirmation_token, customer);
    }
    const given = this.given(read, customer, isBrowser);
    if (given !== null) return given;
    return typeof intent?.payment_method === 'string' ? this.methods.find(intent.payment_method) : null;
  }

  /** The method that the request itself names or describes. */
  given(
    read: Pick<Wish, 'payment_method' | 'payment_method_data'>,
    customer: string | null,
    isBrowser = false,
  ): Stripe.PaymentMethod | null {
    if (read.payment_method !== undefined) return this.methods.resolve(read.payment_method, customer, 'payment_method');
    if (read.payment_method_data === undefined) return null;
    return this.methods.fromData(read.payment_method_data, isBrowser, 'payment_method_data[card]');
  }
}

/** A browser may not decide what is the server's to decide. @throws {ApiError} parameter_unknown */
export function assertPublic({ client, params }: Pick<Call, 'client' | 'params'>, allowed: ReadonlySet<string>): void {
  const param = client === null ? undefined : Object.keys(params).find((name) => !allowed.has(name));
  if (param !== undefined) throw invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
}
