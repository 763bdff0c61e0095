import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import type { PaymentRow } from '../payments.repository.js';
import type { Intent } from '../stripe/stripe-gateway.js';
import type { Finding } from './findings.js';
import { ReportsRepository } from './reports.repository.js';

/**
 * Money that came for us, or is held for us, and belongs to no order.
 * @param named the payment that its metadata names, which another intent has paid or is to pay
 * @returns null when there is none of it any more, or not yet
 */
export function strayMoney(intent: Intent, named: PaymentRow | undefined): Finding | null {
  const kept = intent.status === 'succeeded' ? intent.amountReceived - intent.amountRefunded : 0;
  const held = intent.status === 'authorized' ? intent.amountCapturable : 0;
  if (kept <= 0 && held <= 0) return null;
  return {
    kind: 'captured_without_order',
    subject: intent.ref,
    paymentId: named?.id ?? null,
    orderId: named?.order_id ?? null,
    expected: null,
    found: { status: intent.status, currency: intent.currency, ...(held > 0 ? { held } : { kept }) },
    action: `none: find out what it was for, or ${held > 0 ? 'cancel' : 'refund'} it in Stripe's dashboard`,
  };
}

/** Tells staff of money without an order as soon as an event leads to it: once for each intent, however often it is met. */
@Injectable()
export class TellStrayMoney {
  constructor(
    private readonly db: Db,
    private readonly reports: ReportsRepository,
  ) {}

  async execute(intent: Intent, named: PaymentRow | undefined): Promise<void> {
    const finding = strayMoney(intent, named);
    if (finding === null) return;
    const now = new Date();
    const run = { kind: 'quick', actor: 'system', from: now, to: now, requestKey: `stray:${intent.ref}` } as const;
    const { id } = await this.reports.create(this.db, run);
    // Another event may have told it, or have been interrupted before it could.
    if ((await this.reports.find(id))?.status === 'done') return;
    await this.reports.add(id, finding);
    await this.reports.finish(id);
  }
}
