import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { PaymentsRepository } from './payments.repository.js';
import { SyncPayment } from './sync-payment.service.js';

/** Staff ask for the truth about one payment. */
@Injectable()
export class SyncPaymentById {
  constructor(
    private readonly db: Db,
    private readonly payments: PaymentsRepository,
    private readonly sync: SyncPayment,
  ) {}

  async execute(id: string): Promise<void> {
    const payment = await this.payments.find(this.db, id);
    if (!payment) throw NotFound({ detail: 'There is no such payment.' });
    await this.sync.execute(payment);
  }
}
