import { Injectable } from '@nestjs/common';
import { isUniqueViolation, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { SettingsChanges } from '../settings/index.js';
import type { CreatePromotionRequest, UpdatePromotionRequest } from './dto/promotion.request.js';
import { Promotion, PromotionCode } from './entities/index.js';
import { codeOf } from './promotion-code-text.js';
import { PromotionInput } from './promotion-input.js';
import { setPromotionFacts, setPromotionLimits } from './promotion-limits.repository.js';
import { missingReferences } from './promotion-references.js';
import { PromotionArchived, PromotionCodeTaken } from './promotions.errors.js';

const timeOf = (text: string | null | undefined) => (text ? new Date(text) : null);

/**
 * Says what the shop gives off, to whom and when. Carts are priced anew at once; orders keep what was applied to them. Promotions
 * are never deleted, because orders speak of them: they are archived.
 */
@Injectable()
export class PromotionsService {
  constructor(private readonly changes: SettingsChanges) {}

  /** @throws validation_failed, promotion_code_taken */
  async create(request: CreatePromotionRequest): Promise<Promotion> {
    const input = new PromotionInput();
    const conditions = input.conditions(request.conditions ?? {});
    const action = input.action(request.action);
    const code = request.code === undefined ? null : codeOf(request.code);
    if (request.code !== undefined && request.method === 'automatic')
      input.fail('/code', 'not_for_this_type', 'an automatic promotion has no code');
    else if (request.code !== undefined && code === null) input.fail('/code', ...CODE_SHAPE);
    const [startsAt, endsAt] = [timeOf(request.startsAt), timeOf(request.endsAt)];
    this.checkPeriod(input, startsAt, endsAt);
    input.assertSound();
    try {
      return await this.changes.run(async (tx) => {
        input.errors.push(...(await missingReferences(tx, input.named)));
        input.assertSound();
        const promotion = await tx.manager.save(
          tx.manager.create(Promotion, {
            id: newUuid(),
            name: request.name,
            description: request.description ?? '',
            status: request.active ? 'active' : 'inactive',
            method: request.method,
            priority: request.priority ?? 100,
            exclusive: request.exclusive ?? false,
            combinesWith: [...new Set(request.combinesWith)],
            conditions,
            action,
            startsAt,
            endsAt,
            maxUses: request.maxUses ?? null,
            maxUsesPerCustomer: request.maxUsesPerCustomer ?? null,
          }),
        );
        if (code !== null)
          await tx.manager.insert(PromotionCode, { id: newUuid(), promotionId: promotion.id, code, maxUses: null });
        await setPromotionLimits(tx, promotion);
        await setPromotionFacts(tx);
        return this.load(tx, promotion.id);
      });
    } catch (error) {
      throw asTaken(error, '/code');
    }
  }

  /** Changes what is given. @throws not_found, version_mismatch, validation_failed, promotion_archived */
  async update(id: string, request: UpdatePromotionRequest, expectedVersion: number | undefined): Promise<Promotion> {
    const input = new PromotionInput();
    const conditions = request.conditions && input.conditions(request.conditions);
    const action = request.action && input.action(request.action);
    input.assertSound();
    return this.change(id, expectedVersion, async (tx, promotion) => {
      if (promotion.status === 'archived') throw PromotionArchived();
      const { name, description, priority, exclusive, combinesWith, maxUses, maxUsesPerCustomer } = request;
      const given = { name, description, priority, exclusive, maxUses, maxUsesPerCustomer, conditions, action };
      Object.assign(promotion, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
      if (combinesWith) promotion.combinesWith = [...new Set(combinesWith)];
      if (request.startsAt !== undefined) promotion.startsAt = timeOf(request.startsAt);
      if (request.endsAt !== undefined) promotion.endsAt = timeOf(request.endsAt);
      this.checkPeriod(input, promotion.startsAt, promotion.endsAt);
      input.errors.push(...(await missingReferences(tx, input.named)));
      input.assertSound();
      if (maxUses !== undefined || maxUsesPerCustomer !== undefined) await setPromotionLimits(tx, promotion);
    });
  }

  /** Lets it run, within its period, or stops it. @throws not_found, promotion_archived */
  async setActive(id: string, isActive: boolean): Promise<Promotion> {
    return this.change(id, undefined, (_tx, promotion) => {
      if (promotion.status === 'archived') throw PromotionArchived();
      promotion.status = isActive ? 'active' : 'inactive';
    });
  }

  /** Ends it for good: lists show it no more, orders keep it. @throws not_found, version_mismatch */
  async archive(id: string, expectedVersion: number | undefined): Promise<void> {
    await this.change(id, expectedVersion, (_tx, promotion) => {
      promotion.status = 'archived';
    });
  }

  private change(
    id: string,
    expectedVersion: number | undefined,
    edit: (tx: Tx, promotion: Promotion) => Promise<void> | void,
  ): Promise<Promotion> {
    return this.changes.run(async (tx) => {
      const promotion = await this.load(tx, id);
      assertVersion(expectedVersion, promotion.version);
      await edit(tx, promotion);
      promotion.version += 1;
      promotion.updatedAt = new Date();
      await tx.manager.save(promotion);
      await setPromotionFacts(tx);
      return promotion;
    });
  }

  private async load({ manager }: Tx, id: string): Promise<Promotion> {
    const promotion = await manager.findOneBy(Promotion, { id });
    if (!promotion) throw NotFound({ detail: 'There is no such promotion.' });
    return promotion;
  }

  private checkPeriod(input: PromotionInput, startsAt: Date | null, endsAt: Date | null): void {
    if (startsAt && endsAt && endsAt <= startsAt) input.fail('/endsAt', 'too_early', 'must be after startsAt');
  }
}

export const CODE_SHAPE = [
  'invalid_code',
  'must be 3 to 64 letters, digits, - or _, beginning with a letter or digit',
] as const;

/** What a second code of the same text becomes. */
export const codeTaken = (pointer: string, cause?: unknown) =>
  PromotionCodeTaken({ errors: [{ pointer, code: 'taken', detail: 'is in use already' }], cause });

function asTaken(error: unknown, pointer: string): unknown {
  return isUniqueViolation(error, 'promotion_codes_code') ? codeTaken(pointer, error) : error;
}
