import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Db, type Tx } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { newUuid } from '#libs/ids';
import type { CreatePromotionCodeRequest, GeneratePromotionCodesRequest } from './dto/promotion.request.js';
import { Promotion, PromotionCode } from './entities/index.js';
import { codeOf, randomCode } from './promotion-code-text.js';
import { PromotionArchived, PromotionWithoutCodes } from './promotions.errors.js';
import { CODE_SHAPE, codeTaken } from './promotions.service.js';

/** Gives promotions the codes by which carts get them, one by one or by the thousand. */
@Injectable()
export class PromotionCodesService {
  constructor(private readonly db: Db) {}

  /**
   * Gives a promotion a code. The same again answers the one that is there.
   * @throws not_found, promotion_archived, promotion_without_codes, promotion_code_taken, validation_failed
   */
  async add(promotionId: string, request: CreatePromotionCodeRequest): Promise<PromotionCode> {
    const code = codeOf(request.code);
    if (code === null)
      throw ValidationFailed({ errors: [{ pointer: '/code', code: CODE_SHAPE[0], detail: CODE_SHAPE[1] }] });
    return this.db.transaction(async (tx) => {
      await this.assertTakesCodes(tx, promotionId);
      const maxUses = request.maxUses ?? null;
      await tx.query(
        `INSERT INTO promotion_codes (id, promotion_id, code, max_uses) VALUES ($1, $2, $3, $4)
           ON CONFLICT ON CONSTRAINT promotion_codes_code DO NOTHING`,
        [newUuid(), promotionId, code, maxUses],
      );
      const made = await tx.manager.findOneBy(PromotionCode, { promotionId, code, disabledAt: IsNull() });
      if (made?.maxUses !== maxUses) throw codeTaken('/code');
      return made;
    });
  }

  /** Makes codes that nobody can guess, all or none. @throws not_found, promotion_archived, promotion_without_codes */
  async generate(promotionId: string, request: GeneratePromotionCodesRequest): Promise<string[]> {
    const maxUses = request.maxUses === undefined ? 1 : request.maxUses;
    return this.db.transaction(async (tx) => {
      await this.assertTakesCodes(tx, promotionId);
      const made: string[] = [];
      while (made.length < request.count) {
        const codes = Array.from({ length: request.count - made.length }, () => randomCode(request.prefix ?? ''));
        const rows = await tx.query<{ code: string }>(
          `INSERT INTO promotion_codes (id, promotion_id, code, max_uses, is_generated)
           SELECT n.id, $1, n.code, $2, TRUE FROM unnest($3::uuid[], $4::text[]) AS n (id, code)
           ON CONFLICT ON CONSTRAINT promotion_codes_code DO NOTHING RETURNING code`,
          [promotionId, maxUses, codes.map(() => newUuid()), codes],
        );
        made.push(...rows.map((row) => row.code));
      }
      return made;
    });
  }

  /** Takes a code back: carts that have it pay the full price, orders keep what they were given. Twice is once. @throws not_found */
  async disable(promotionId: string, id: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const rows = await tx.query(
        `UPDATE promotion_codes SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1 AND promotion_id = $2 RETURNING 1`,
        [id, promotionId],
      );
      if (rows.length === 0) throw NotFound({ detail: 'The promotion has no such code.' });
    });
  }

  private async assertTakesCodes({ manager }: Tx, promotionId: string): Promise<void> {
    const promotion = await manager.findOneBy(Promotion, { id: promotionId });
    if (!promotion) throw NotFound({ detail: 'There is no such promotion.' });
    if (promotion.status === 'archived') throw PromotionArchived();
    if (promotion.method !== 'code') throw PromotionWithoutCodes();
  }
}
