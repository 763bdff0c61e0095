import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { newUuid } from '#libs/ids';
import type { IdempotencyReference } from '#libs/http';
import { StockLevelResponse, type StockAdjustmentRequest } from './dto/stock.dto.js';
import { StockLedger } from './stock-ledger.service.js';

/** Staff correct on-hand stock, with a reason, once for each idempotency key. */
@Injectable()
export class AdjustStock {
  constructor(
    private readonly db: Db,
    private readonly ledger: StockLedger,
  ) {}

  async execute(
    request: StockAdjustmentRequest,
    actor: string,
    idempotency: IdempotencyReference | undefined,
  ): Promise<StockLevelResponse> {
    if ((request.onHand === undefined) === (request.delta === undefined)) {
      throw ValidationFailed({
        errors: [{ pointer: '/onHand', code: 'one_of', detail: 'send either onHand or delta' }],
      });
    }
    const dedupeKey = `adjust:${idempotency ? `${idempotency.scope}:${idempotency.key}` : newUuid()}`;
    return StockLevelResponse.from(
      await this.db.transaction((tx) => this.ledger.adjust(tx, { ...request, actor, dedupeKey })),
    );
  }
}
