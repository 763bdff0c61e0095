import type Stripe from 'stripe';
import { missing } from '../api-error.js';
import type { Engine, Scope } from '../engine.js';
import { parseParams, string } from '../fields.js';
import { newId } from '../random.js';
import { createdFilter, isWithin, page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

type Warning = Stripe.Radar.EarlyFraudWarning;

/** Words of the card's bank that a charge looks like fraud, before anybody disputes it. */
export class EarlyFraudWarnings {
  constructor(private readonly engine: Engine) {}

  /** The bank warns. */
  warn(charge: Stripe.Charge, fraudType: string, scope: Scope): Warning {
    const warning: Warning = {
      id: newId('issfr'),
      object: 'radar.early_fraud_warning',
      actionable: !charge.refunded && !charge.disputed,
      charge: charge.id,
      created: this.engine.now(),
      fraud_type: fraudType,
      livemode: false,
      ...(typeof charge.payment_intent === 'string' ? { payment_intent: charge.payment_intent } : {}),
    };
    this.engine.store.fraudWarnings.put(warning);
    scope.emit('radar.early_fraud_warning.created', warning);
    return warning;
  }

  /** The money is back or in dispute: there is nothing to be done about the warning any more. */
  settle(charge: string, scope: Scope): void {
    for (const warning of this.engine.store.fraudWarnings.values()) {
      if (warning.charge !== charge || !warning.actionable) continue;
      warning.actionable = false;
      this.engine.store.fraudWarnings.put(warning);
      scope.emit('radar.early_fraud_warning.updated', warning, { actionable: true });
    }
  }

  routes(): Route[] {
    const { fraudWarnings } = this.engine.store;
    return [
      {
        method: 'GET',
        pattern: '/v1/radar/early_fraud_warnings',
        handle: ({ params }) => {
          const read = parseParams({ ...paging, ...createdFilter, charge: string(), payment_intent: string() }, params);
          const items = fraudWarnings
            .newestFirst()
            .filter(
              (warning) =>
                isWithin(warning.created, read.created) &&
                (read.charge === undefined || warning.charge === read.charge) &&
                (read.payment_intent === undefined || warning.payment_intent === read.payment_intent),
            );
          return page('/v1/radar/early_fraud_warnings', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/radar/early_fraud_warnings/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const id = pathPart(call, 'id');
          const warning = fraudWarnings.get(id);
          if (warning === undefined) throw missing('early_fraud_warning', id);
          return warning;
        },
      },
    ];
  }
}
