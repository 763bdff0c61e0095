/** The SDK's type of each kind of object that the API answers, by its `object`. */
const OBJECTS: Readonly<Record<string, string>> = {
  balance_transaction: 'Stripe.BalanceTransaction',
  charge: 'Stripe.Charge',
  confirmation_token: 'Stripe.ConfirmationToken',
  customer: 'Stripe.Customer | Stripe.DeletedCustomer',
  dispute: 'Stripe.Dispute',
  event: 'Stripe.EventBase',
  payment_intent: 'Stripe.PaymentIntent',
  payment_method: 'Stripe.PaymentMethod',
  'radar.early_fraud_warning': 'Stripe.Radar.EarlyFraudWarning',
  refund: 'Stripe.Refund',
  review: 'Stripe.Review',
  setup_intent: 'Stripe.SetupIntent',
  'v2.core.event':
    'Omit<Extract<Stripe.V2.Core.Event, { type: "v1.payment_intent.succeeded" }>, "type"> & { type: string }',
  webhook_endpoint: 'Stripe.WebhookEndpoint | Stripe.DeletedWebhookEndpoint',
};

/** The SDK's type of the parameters of each operation that has some. */
const REQUESTS: Readonly<Record<string, string>> = {
  'GET /v1/balance_transactions': 'Stripe.BalanceTransactionListParams',
  'GET /v1/charges': 'Stripe.ChargeListParams',
  'POST /v1/charges/:id': 'Stripe.ChargeUpdateParams',
  'POST /v1/test_helpers/confirmation_tokens':
    'NonNullable<Parameters<Stripe["testHelpers"]["confirmationTokens"]["create"]>[0]>',
  'POST /v1/customers': 'Stripe.CustomerCreateParams',
  'GET /v1/customers': 'Stripe.CustomerListParams',
  'POST /v1/customers/:id': 'Stripe.CustomerUpdateParams',
  'GET /v1/customers/:id/payment_methods': 'Stripe.CustomerListPaymentMethodsParams',
  'GET /v1/disputes': 'Stripe.DisputeListParams',
  'POST /v1/disputes/:id': 'Stripe.DisputeUpdateParams',
  'GET /v1/events': 'Stripe.EventListParams',
  'GET /v2/core/events': 'Stripe.V2.Core.EventListParams & { page?: string }',
  'POST /v1/payment_intents': 'Stripe.PaymentIntentCreateParams',
  'GET /v1/payment_intents': 'Stripe.PaymentIntentListParams',
  'GET /v1/payment_intents/:id': 'Stripe.PaymentIntentRetrieveParams',
  'POST /v1/payment_intents/:id': 'Stripe.PaymentIntentUpdateParams',
  'POST /v1/payment_intents/:id/cancel': 'Stripe.PaymentIntentCancelParams',
  'POST /v1/payment_intents/:id/capture': 'Stripe.PaymentIntentCaptureParams',
  'POST /v1/payment_intents/:id/confirm': 'Stripe.PaymentIntentConfirmParams',
  'GET /v1/payment_methods': 'Stripe.PaymentMethodListParams',
  'POST /v1/payment_methods': 'Stripe.PaymentMethodCreateParams',
  'POST /v1/payment_methods/:id/attach': 'Stripe.PaymentMethodAttachParams',
  'GET /v1/radar/early_fraud_warnings': 'Stripe.Radar.EarlyFraudWarningListParams',
  'GET /v1/refunds': 'Stripe.RefundListParams',
  'POST /v1/refunds': 'Stripe.RefundCreateParams',
  'POST /v1/refunds/:id': 'Stripe.RefundUpdateParams',
  'GET /v1/reviews': 'Stripe.ReviewListParams',
  'GET /v1/setup_intents': 'Stripe.SetupIntentListParams',
  'POST /v1/setup_intents': 'Stripe.SetupIntentCreateParams',
  'GET /v1/setup_intents/:id': 'Stripe.SetupIntentRetrieveParams',
  'POST /v1/setup_intents/:id': 'Stripe.SetupIntentUpdateParams',
  'POST /v1/setup_intents/:id/cancel': 'Stripe.SetupIntentCancelParams',
  'POST /v1/setup_intents/:id/confirm': 'Stripe.SetupIntentConfirmParams',
  'POST /v1/webhook_endpoints': 'Stripe.WebhookEndpointCreateParams',
  'GET /v1/webhook_endpoints': 'Stripe.WebhookEndpointListParams',
  'POST /v1/webhook_endpoints/:id': 'Stripe.WebhookEndpointUpdateParams',
};

/** A module whose only type has a property for each schema that is wanted. */
export const ROOTS_MODULE = [
  "import Stripe from 'stripe';",
  'export interface Roots {',
  ...[...Object.entries(OBJECTS), ...Object.entries(REQUESTS)].map(([name, type]) => `  '${name}': ${type};`),
  '}',
].join('\n');

export const isRequest = (root: string): boolean => root.includes(' ');
