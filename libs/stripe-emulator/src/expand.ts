import { invalid } from './api-error.js';
import type { Store } from './store.js';

type Shown = Record<string, unknown>;
type Resolver = (store: Store, parent: Shown) => unknown;

const byId =
  (field: string, find: (store: Store, id: string) => unknown): Resolver =>
  (store, parent) => {
    const id = parent[field];
    return typeof id === 'string' ? (find(store, id) ?? id) : id;
  };
const charge = (store: Store, id: string): unknown => store.charges.get(id);
const intent = (store: Store, id: string): unknown => store.intents.get(id);
const customer = (store: Store, id: string): unknown => store.customers.get(id);
const method = (store: Store, id: string): unknown => store.methods.get(id);
const balance = (store: Store, id: string): unknown => store.balanceTransactions.get(id);
const review = (store: Store, id: string): unknown => store.reviews.get(id);
const source = (store: Store, id: string): unknown =>
  store.charges.get(id) ?? store.refunds.get(id) ?? store.disputes.get(id);
/** A property that refers to something the emulator never has. */
const always = (field: string): Resolver => byId(field, () => undefined);

/** What can be expanded, by the `object` of its parent. */
const EXPANDABLE: Record<string, Record<string, Resolver>> = {
  payment_intent: {
    application: always('application'),
    customer: byId('customer', customer),
    latest_charge: byId('latest_charge', charge),
    on_behalf_of: always('on_behalf_of'),
    payment_method: byId('payment_method', method),
    review: byId('review', review),
    source: always('source'),
  },
  charge: {
    balance_transaction: byId('balance_transaction', balance),
    customer: byId('customer', customer),
    failure_balance_transaction: always('failure_balance_transaction'),
    payment_intent: byId('payment_intent', intent),
    refunds: (store, parent) => {
      const data = store.refunds.newestFirst().filter((refund) => refund.charge === parent['id']);
      return { object: 'list', data, has_more: false, url: `/v1/charges/${String(parent['id'])}/refunds` };
    },
    review: byId('review', review),
  },
  refund: {
    balance_transaction: byId('balance_transaction', balance),
    charge: byId('charge', charge),
    customer: byId('customer', customer),
    failure_balance_transaction: byId('failure_balance_transaction', balance),
    payment_intent: byId('payment_intent', intent),
    payment_method: byId('payment_method', method),
  },
  setup_intent: {
    application: always('application'),
    customer: byId('customer', customer),
    latest_attempt: always('latest_attempt'),
    mandate: always('mandate'),
    on_behalf_of: always('on_behalf_of'),
    payment_method: byId('payment_method', method),
    single_use_mandate: always('single_use_mandate'),
  },
  dispute: { charge: byId('charge', charge), payment_intent: byId('payment_intent', intent) },
  'radar.early_fraud_warning': { charge: byId('charge', charge), payment_intent: byId('payment_intent', intent) },
  review: { charge: byId('charge', charge), payment_intent: byId('payment_intent', intent) },
  payment_method: { customer: byId('customer', customer) },
  balance_transaction: { source: byId('source', source) },
  customer: { default_source: always('default_source'), test_clock: always('test_clock') },
  invoice_settings: { default_payment_method: byId('default_payment_method', method) },
};

/**
 * The object with the asked-for ids replaced by what they stand for; the stored object is left alone.
 * @throws {ApiError} for a path that cannot be expanded or is deeper than four levels
 */
export function expand(store: Store, object: object, paths: readonly string[]): object {
  let out = object as Shown;
  for (const path of paths) {
    const steps = path.split('.');
    if (steps.length > (steps[0] === 'data' ? 5 : 4)) {
      throw invalid(
        `You cannot expand more than 4 levels of a property. The property you attempted to expand was ${path}`,
      );
    }
    out = expandPath(store, out, steps, path);
  }
  return out;
}

function expandPath(store: Store, parent: Shown, steps: string[], path: string): Shown {
  const [step, ...rest] = steps;
  if (step === undefined) return parent;
  if (parent['object'] === 'list' && step === 'data' && rest.length > 0) {
    const data = (parent['data'] as Shown[]).map((item) => expandPath(store, item, rest, path));
    return { ...parent, data };
  }
  if (parent['object'] === 'customer' && step === 'invoice_settings' && rest.length > 0) {
    const inner = { object: 'invoice_settings', ...(parent['invoice_settings'] as Shown | undefined) };
    const { object: _object, ...settings } = expandPath(store, inner, rest, path);
    return { ...parent, invoice_settings: settings };
  }
  const resolve = EXPANDABLE[String(parent['object'])]?.[step];
  if (resolve === undefined) {
    const hint = parent['object'] === 'list' ? ` You may want to try expanding 'data.${path}' instead.` : '';
    throw invalid(`This property cannot be expanded (${path}).${hint}`, { param: 'expand' });
  }
  const already = parent[step];
  const value = typeof already === 'object' && already !== null ? already : resolve(store, parent);
  const inner = typeof value === 'object' && value !== null ? expandPath(store, value as Shown, rest, path) : value;
  return { ...parent, [step]: inner };
}
