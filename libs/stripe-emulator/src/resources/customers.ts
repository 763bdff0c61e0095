import type Stripe from 'stripe';
import { missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import {
  address,
  fullAddress,
  hash,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  type Parsed,
  parseParams,
  required,
  shapeFor,
  string,
  unsettable,
  unsupported,
} from '../fields.js';
import { newId, token } from '../random.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import type { PaymentMethods } from './payment-methods.js';
import { pathPart, type Route } from './route.js';

const common = {
  address: unsettable(address()),
  balance: unsupported(),
  business_name: unsettable(string(150)),
  cash_balance: unsupported(),
  description: unsettable(string()),
  email: unsettable(string(512)),
  individual_name: unsettable(string(150)),
  invoice_prefix: unsupported(),
  invoice_settings: hash({ default_payment_method: unsettable(string()) }),
  metadata: metadata(),
  name: unsettable(string(256)),
  next_invoice_sequence: unsupported(),
  phone: unsettable(string(20)),
  preferred_locales: list(string()),
  shipping: unsettable(hash({ address: required(address()), name: required(string()), phone: unsettable(string()) })),
  source: unsupported(),
  tax: unsupported(),
  tax_exempt: unsettable(oneOf('exempt', 'none', 'reverse')),
  validate: unsupported(),
};
const createShape = shapeFor<Omit<Stripe.CustomerCreateParams, 'expand'>>()({
  ...common,
  payment_method: string(),
  tax_id_data: unsupported(),
  test_clock: unsupported(),
});
const updateShape = shapeFor<Omit<Stripe.CustomerUpdateParams, 'expand'>>()({
  ...common,
  default_source: unsupported(),
});

/** Shoppers that a card can be kept for. */
export class Customers {
  constructor(
    private readonly engine: Engine,
    private readonly methods: PaymentMethods,
  ) {}

  private find(id: string): Stripe.Customer | Stripe.DeletedCustomer {
    const customer = this.engine.store.customers.get(id);
    if (customer === undefined) throw missing('customer', id);
    return customer;
  }

  private findLiving(id: string): Stripe.Customer {
    const customer = this.find(id);
    if (customer.deleted === true) throw missing('customer', id);
    return customer as Stripe.Customer;
  }

  private apply(customer: Stripe.Customer, read: Parsed<typeof updateShape>): void {
    const { invoice_settings: settings } = read;
    if (settings?.default_payment_method !== undefined) {
      if (settings.default_payment_method !== null) {
        this.methods.resolve(settings.default_payment_method, customer.id, 'invoice_settings[default_payment_method]');
      }
      customer.invoice_settings.default_payment_method = settings.default_payment_method;
    }
    customer.metadata = mergeMetadata(customer.metadata, read.metadata);
    if (read.address !== undefined) customer.address = read.address === null ? null : fullAddress(read.address);
    if (read.shipping !== undefined) {
      customer.shipping =
        read.shipping === null
          ? null
          : {
              address: fullAddress(read.shipping.address),
              name: read.shipping.name,
              phone: read.shipping.phone ?? '',
            };
    }
    if (read.description !== undefined) customer.description = read.description;
    if (read.email !== undefined) customer.email = read.email;
    if (read.name !== undefined) customer.name = read.name;
    if (read.phone !== undefined) customer.phone = read.phone;
    if (read.preferred_locales !== undefined) customer.preferred_locales = read.preferred_locales;
    if (read.tax_exempt !== undefined) customer.tax_exempt = read.tax_exempt ?? 'none';
    if (typeof read.business_name === 'string') customer.business_name = read.business_name;
    if (typeof read.individual_name === 'string') customer.individual_name = read.individual_name;
  }

  routes(): Route[] {
    const { store } = this.engine;
    return [
      {
        method: 'POST',
        pattern: '/v1/customers',
        handle: ({ params, scope }) => {
          const read = parseParams(createShape, params);
          const customer: Stripe.Customer = {
            id: newId('cus').slice(0, 18),
            object: 'customer',
            address: null,
            balance: 0,
            created: this.engine.now(),
            currency: null,
            customer_account: null,
            default_source: null,
            delinquent: false,
            description: null,
            discount: null,
            email: null,
            invoice_prefix: token(8).toUpperCase(),
            invoice_settings: {
              custom_fields: null,
              default_payment_method: null,
              footer: null,
              rendering_options: null,
            },
            livemode: false,
            metadata: {},
            name: null,
            next_invoice_sequence: 1,
            phone: null,
            preferred_locales: [],
            shipping: null,
            tax_exempt: 'none',
            test_clock: null,
          };
          const { payment_method: methodId, tax_id_data: _ids, test_clock: _clock, ...rest } = read;
          const method = methodId === undefined ? null : this.methods.resolve(methodId, customer.id, 'payment_method');
          this.apply(customer, { ...rest, default_source: undefined });
          store.customers.put(customer);
          scope.emit('customer.created', customer);
          if (method !== null) this.methods.attach(method, customer.id, scope);
          return customer;
        },
      },
      {
        method: 'GET',
        pattern: '/v1/customers',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter, email: string(), test_clock: unsupported() }, params);
          const items = store.customers
            .newestFirst()
            .filter((customer): customer is Stripe.Customer => customer.deleted !== true)
            .filter(
              (customer) =>
                isWithin(customer.created, read.created) && (read.email === undefined || customer.email === read.email),
            );
          return page('/v1/customers', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/customers/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id'));
        },
      },
      {
        method: 'POST',
        pattern: '/v1/customers/:id',
        handle: (call) => {
          const read = parseParams(updateShape, call.params);
          const customer = this.findLiving(pathPart(call, 'id'));
          const before = { ...customer };
          this.apply(customer, read);
          store.customers.put(customer);
          call.scope.emit('customer.updated', customer, changedFields(before, customer));
          return customer;
        },
      },
      {
        method: 'DELETE',
        pattern: '/v1/customers/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const customer = this.findLiving(pathPart(call, 'id'));
          for (const method of store.methods.values()) {
            if (method.customer !== customer.id) continue;
            method.customer = null;
            this.methods.useUp(method);
            store.methods.put(method);
          }
          call.scope.emit('customer.deleted', customer);
          return store.customers.put({ id: customer.id, object: 'customer', deleted: true });
        },
      },
    ];
  }
}

function changedFields(before: object, after: object): object {
  const now = after as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(now[key])),
  );
}
