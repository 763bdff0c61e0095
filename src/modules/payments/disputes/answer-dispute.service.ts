import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { OrdersRepository } from '../../orders/index.js';
import { PaymentRefused } from '../payments.errors.js';
import { PaymentsRepository } from '../payments.repository.js';
import { type Evidence, StripeDisputes } from '../stripe/stripe-disputes.js';
import { isClosed, needsResponse } from './dispute.state.js';
import { DisputeClosed } from './disputes.errors.js';
import type { DisputeEvidenceRequest } from './dto/disputes.request.js';
import { SyncDisputes } from './sync-disputes.service.js';

interface DisputeRow {
  id: string;
  provider_ref: string;
  payment_id: string;
  order_id: string;
  status: string;
}

/** Staff answer a dispute: with evidence, or by giving up. */
@Injectable()
export class AnswerDispute {
  constructor(
    private readonly db: Db,
    private readonly stripe: StripeDisputes,
    private readonly orders: OrdersRepository,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncDisputes,
  ) {}

  /**
   * Keeps evidence at Stripe, and sends it to the bank when `submit` says so.
   * @param requestKey the same key is the same answer
   * @throws `not_found`, `dispute_closed`, `validation_failed`, `payment_refused`, `payment_unavailable`
   */
  async evidence(id: string, request: DisputeEvidenceRequest, actor: string, requestKey: string): Promise<void> {
    const dispute = await this.get(id);
    const { submit = false, ...words } = request;
    const evidence = Object.fromEntries(
      Object.entries(words)
        .filter(([, text]) => text !== undefined)
        .map(([field, text]) => [field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), text]),
    ) as Evidence;
    if (Object.keys(evidence).length === 0 && !submit) {
      throw ValidationFailed({
        errors: [{ pointer: '', code: 'required', detail: 'gives evidence, or submits what was given before' }],
      });
    }
    if (!needsResponse(dispute.status)) throw this.closed(dispute);
    const key = createHash('sha256').update(requestKey).digest('base64url');
    await this.send(dispute, () => this.stripe.sendEvidence(dispute.provider_ref, evidence, submit, `${id}:${key}`));
    await this.note(dispute, submit ? 'dispute.evidence_submitted' : 'dispute.evidence_kept', actor);
  }

  /**
   * Accepts that the money is lost. Accepting what is lost already changes nothing.
   * @throws `not_found`, `dispute_closed`, `payment_unavailable`
   */
  async accept(id: string, actor: string): Promise<void> {
    const dispute = await this.get(id);
    if (dispute.status === 'lost') return;
    if (isClosed(dispute.status)) throw this.closed(dispute);
    await this.send(dispute, () => this.stripe.close(dispute.provider_ref, id)).catch(async (error: unknown) => {
      // The answer to an earlier call, which closed it, may be lost.
      if (!PaymentRefused.is(error) || (await this.get(id)).status !== 'lost') throw error;
    });
    await this.note(dispute, 'dispute.accepted', actor);
  }

  /** Whatever Stripe says to it, afterwards we know how the dispute stands. */
  private async send(dispute: DisputeRow, call: () => Promise<void>): Promise<void> {
    const payment = await this.payments.find(this.db, dispute.payment_id);
    try {
      await call();
    } catch (error) {
      if (PaymentRefused.is(error)) await this.sync.execute(payment!);
      throw error;
    }
    await this.sync.execute(payment!);
  }

  private async note(dispute: DisputeRow, type: string, actor: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.orders.note(tx, dispute.order_id, {
        type,
        actor,
        data: { disputeId: encodeId('dispute', dispute.id) },
      });
      failpoint('commit.dispute_note');
    });
  }

  private async get(id: string): Promise<DisputeRow> {
    const [row] = await this.db.query<DisputeRow>(
      `SELECT id, provider_ref, payment_id, order_id, status FROM disputes WHERE id = $1`,
      [id],
    );
    if (!row) throw NotFound({ detail: 'There is no such dispute.' });
    return row;
  }

  private closed = ({ status }: DisputeRow) => DisputeClosed({ data: { disputeStatus: status } });
}
