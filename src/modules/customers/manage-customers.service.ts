import { Injectable } from '@nestjs/common';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { assertVersion } from '#libs/http';
import { encodeId, newUuid } from '#libs/ids';
import { log } from '#libs/log';
import { announce } from '#libs/outbox';
import { EmailTaken, ResetPassword, Sessions, TwoFactor } from '../auth/index.js';
import { type CustomerDetails, CustomersAdminQuery, noSuchCustomer } from './customers.admin.query.js';
import { CustomerCreated, CustomerInvited } from './customers.events.js';
import { DeleteCustomer, type Deletion } from './delete-customer.service.js';
import type { CreateCustomerRequest, UpdateCustomerRequest } from './dto/customer-admin.dto.js';

/** How long the link of an invitation works. */
const INVITATION_HOURS = 168;

interface Held {
  id: string;
  email: string;
  version: number;
  /** Not yet, where staff have opened the account and nobody has come. */
  isEntered: boolean;
}

const tidy = (tags: readonly string[]) => [...new Set(tags.map((tag) => tag.trim()).filter(Boolean))];

/** What staff do for customers: open accounts for them, note what they say, and help them in or out. */
@Injectable()
export class ManageCustomers {
  constructor(
    private readonly db: Db,
    private readonly query: CustomersAdminQuery,
    private readonly resets: ResetPassword,
    private readonly sessions: Sessions,
    private readonly twoFactor: TwoFactor,
    private readonly deletion: DeleteCustomer,
  ) {}

  /**
   * Opens an account without a password. Nobody enters it, and no order of a guest becomes theirs, before whoever reads the
   * mailbox has chosen one.
   * @throws email_taken
   */
  create(request: CreateCustomerRequest): Promise<CustomerDetails> {
    const id = newUuid();
    const email = request.email.trim();
    return this.db
      .transaction(async (tx) => {
        await tx.query(
          `INSERT INTO customers (id, email, first_name, last_name, phone, note, tags) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [
            id,
            email,
            request.firstName?.trim() ?? '',
            request.lastName?.trim() ?? '',
            request.phone ?? null,
            request.note ?? null,
            tidy(request.tags ?? []),
          ],
        );
        const customerId = encodeId('customer', id);
        announce(tx, {
          definition: CustomerCreated,
          aggregateType: 'customer',
          aggregateId: id,
          payload: { customerId },
        });
        if (request.invite ?? true) await this.invite(tx, { id, email });
        tx.afterCommit(() => log.info('customer.created', { customerId }));
        return this.query.get(id, tx);
      })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error, 'customers_email')) throw error;
        throw EmailTaken({
          cause: error,
          errors: [{ pointer: '/email', code: 'email_taken', detail: 'is used by another account' }],
        });
      });
  }

  /** Changes any subset of what is known. @throws not_found, version_mismatch */
  update(id: string, expectedVersion: number | undefined, request: UpdateCustomerRequest): Promise<CustomerDetails> {
    return this.change(id, async (tx, customer) => {
      assertVersion(expectedVersion, customer.version);
      await tx.query(
        `UPDATE customers SET first_name = coalesce($2, first_name), last_name = coalesce($3, last_name),
           phone = CASE WHEN $4 THEN $5 ELSE phone END, note = CASE WHEN $6 THEN $7 ELSE note END,
           tags = coalesce($8, tags), version = version + 1, updated_at = now()
         WHERE id = $1`,
        [
          id,
          request.firstName?.trim(),
          request.lastName?.trim(),
          request.phone !== undefined,
          request.phone ?? null,
          request.note !== undefined,
          request.note ?? null,
          request.tags && tidy(request.tags),
        ],
      );
      return this.query.get(id, tx);
    });
  }

  /**
   * Sends a mail with which to choose a password: another one, or the first of an account that staff have opened. `isForced`
   * makes the present one void and ends all sessions.
   * @throws not_found
   */
  sendPasswordReset(id: string, isForced: boolean): Promise<void> {
    return this.change(id, async (tx, customer) => {
      if (!customer.isEntered) return this.invite(tx, customer);
      this.resets.mail(tx, await this.resets.send(tx, 'customer', customer, { isForced }));
    });
  }

  /** Signs a customer out everywhere. @throws not_found */
  endSessions(id: string): Promise<void> {
    return this.change(id, async (tx) => {
      await tx.query(`UPDATE customers SET token_version = token_version + 1 WHERE id = $1`, [id]);
      await this.sessions.endAll('customer', id, undefined, tx);
    });
  }

  /** For a customer whose telephone is gone. @throws not_found, two_factor_not_enabled */
  resetTwoFactor(id: string): Promise<void> {
    return this.change(id, (tx) => this.twoFactor.reset(tx, 'customer', id));
  }

  /** Takes the person out of the account and its orders. @throws not_found, version_mismatch, open_orders, credit_left */
  async anonymize(id: string, deletion: Deletion): Promise<void> {
    if (!(await this.deletion.anonymize(id, deletion))) throw noSuchCustomer();
  }

  private change<T>(id: string, work: (tx: Tx, customer: Held) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const [customer] = await tx.query<Held>(
        `SELECT id, email, version,
           password_hash IS NOT NULL OR EXISTS (SELECT FROM identities i WHERE i.customer_id = c.id) AS "isEntered"
         FROM customers c WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
        [id],
      );
      if (!customer) throw noSuchCustomer();
      return work(tx, customer);
    });
  }

  private async invite(tx: Tx, customer: { id: string; email: string }): Promise<void> {
    const linkId = await this.resets.send(tx, 'customer', customer, { hours: INVITATION_HOURS });
    announce(tx, {
      definition: CustomerInvited,
      key: `${CustomerInvited.topic}:${linkId}`,
      aggregateType: 'customer',
      aggregateId: customer.id,
      payload: { linkId, customerId: encodeId('customer', customer.id) },
    });
  }
}
