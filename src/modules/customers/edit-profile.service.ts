import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { assertVersion } from '#libs/http';
import { checkedVatNumber } from './checked-vat-number.js';
import { CUSTOMER_COLUMNS, type CustomerRow, CustomersQuery } from './customers.query.js';
import type { UpdateMeRequest } from './dto/account.request.js';

/** Changes what customers say of themselves. */
@Injectable()
export class EditProfile {
  constructor(
    private readonly db: Db,
    private readonly query: CustomersQuery,
  ) {}

  /** Changes any subset of the profile. @throws version_mismatch, validation_failed */
  execute(id: string, expectedVersion: number | undefined, request: UpdateMeRequest): Promise<CustomerRow> {
    const vatNumber = checkedVatNumber(request.vatNumber);
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT FROM customers WHERE id = $1 FOR UPDATE`, [id]);
      assertVersion(expectedVersion, (await this.query.get(id, tx)).version);
      const [row] = await tx.query<CustomerRow>(
        `UPDATE customers SET first_name = coalesce($2, first_name), last_name = coalesce($3, last_name),
           phone = CASE WHEN $4 THEN $5 ELSE phone END, accepts_marketing = coalesce($6, accepts_marketing),
           vat_number = CASE WHEN $7 THEN $8 ELSE vat_number END,
           version = version + 1, updated_at = now()
         WHERE id = $1 RETURNING ${CUSTOMER_COLUMNS}`,
        [
          id,
          request.firstName?.trim(),
          request.lastName?.trim(),
          request.phone !== undefined,
          request.phone ?? null,
          request.acceptsMarketing,
          vatNumber !== undefined,
          vatNumber ?? null,
        ],
      );
      return row!;
    });
  }
}
