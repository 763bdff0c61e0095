import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '#libs/database';

/** Who a customer is at Stripe; without a `provider_ref` its answer is not known yet. */
export interface PaymentCustomerRow {
  customer_id: string;
  provider_ref: string | null;
  /** Which key Stripe is asked with. */
  key_generation: number;
  created_at: Date;
}

const COLUMNS = 'customer_id, provider_ref, key_generation, created_at';

/** Loads and saves who customers are at Stripe. */
@Injectable()
export class PaymentCustomersRepository {
  async find(db: Queryable, customerId: string): Promise<PaymentCustomerRow | undefined> {
    const rows = await db.query<PaymentCustomerRow>(`SELECT ${COLUMNS} FROM payment_customers WHERE customer_id = $1`, [
      customerId,
    ]);
    return rows[0];
  }

  /** Writes down that Stripe is going to be asked. */
  async begin(tx: Tx, customerId: string): Promise<PaymentCustomerRow> {
    await tx.query(`INSERT INTO payment_customers (customer_id) VALUES ($1) ON CONFLICT (customer_id) DO NOTHING`, [
      customerId,
    ]);
    return (await this.find(tx, customerId))!;
  }

  /** @returns the one that counts: the first that was saved; undefined when the customer was forgotten meanwhile */
  async save(db: Queryable, customerId: string, ref: string): Promise<string | undefined> {
    const rows = await db.query<{ provider_ref: string }>(
      `UPDATE payment_customers SET provider_ref = coalesce(provider_ref, $2) WHERE customer_id = $1 RETURNING provider_ref`,
      [customerId, ref],
    );
    return rows[0]?.provider_ref;
  }

  /** Whom Stripe does not have any more has to be introduced again; with its old key Stripe would tell of whom it has lost. */
  async lose(db: Queryable, customerId: string, ref: string): Promise<void> {
    await db.query(
      `UPDATE payment_customers SET provider_ref = NULL, key_generation = key_generation + 1, created_at = now()
       WHERE customer_id = $1 AND provider_ref = $2`,
      [customerId, ref],
    );
  }

  async delete(db: Queryable, customerId: string): Promise<void> {
    await db.query(`DELETE FROM payment_customers WHERE customer_id = $1`, [customerId]);
  }
}
