import { ApiProperty } from '@nestjs/swagger';
import { encodeId, type IdPrefix } from '#libs/ids';
import {
  type AmountsByCurrency,
  classOf,
  type LineSelector,
  PROMOTION_CLASSES,
  type PromotionAction,
  type PromotionClass,
  type PromotionConditions,
  type PromotionTier,
} from '../../pricing/index.js';
import type { Promotion, PromotionCode } from '../entities/index.js';
import {
  type PromotionAmount,
  PromotionActionDto,
  PromotionConditionsDto,
  type PromotionItems,
  type PromotionTierDto,
  PromotionTotal,
} from './promotion-rule.dto.js';

/** A promotion. */
export class PromotionResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ description: 'shown to shoppers' })
  name: string;
  @ApiProperty({ description: 'for staff' })
  description: string;
  @ApiProperty({ enum: ['inactive', 'active', 'archived'] })
  status: string;
  @ApiProperty({ enum: ['automatic', 'code'] })
  method: string;
  @ApiProperty({ enum: PROMOTION_CLASSES, description: 'what it discounts; follows from its action' })
  class: PromotionClass;
  @ApiProperty({ type: 'integer', description: 'the lowest number comes first' })
  priority: number;
  @ApiProperty({ description: 'never together with any other promotion' })
  exclusive: boolean;
  @ApiProperty({ enum: PROMOTION_CLASSES, isArray: true })
  combinesWith: PromotionClass[];
  @ApiProperty({ type: () => PromotionConditionsDto })
  conditions: PromotionConditionsDto;
  @ApiProperty({ type: () => PromotionActionDto })
  action: PromotionActionDto;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startsAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endsAt: string | null;
  @ApiProperty({ type: 'integer', nullable: true })
  maxUses: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  maxUsesPerCustomer: number | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(row: Promotion): PromotionResponse {
    return {
      id: encodeId('promotion', row.id),
      name: row.name,
      description: row.description,
      status: row.status,
      method: row.method,
      class: classOf(row.action),
      priority: row.priority,
      exclusive: row.exclusive,
      combinesWith: row.combinesWith,
      conditions: conditionsOf(row.conditions),
      action: actionOf(row.action),
      startsAt: row.startsAt?.toISOString() ?? null,
      endsAt: row.endsAt?.toISOString() ?? null,
      maxUses: row.maxUses,
      maxUsesPerCustomer: row.maxUsesPerCustomer,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

/** A code of a promotion. */
export class PromotionCodeResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ example: 'SPRING-26', description: 'in capitals; shoppers may write it as they like' })
  code: string;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'how many orders may use it; null: no limit of its own',
  })
  maxUses: number | null;
  @ApiProperty({ type: 'integer', description: 'orders that use it' })
  uses: number;
  @ApiProperty({ description: 'whether it is one of those that nobody can guess' })
  generated: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  disabledAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: PromotionCode): PromotionCodeResponse {
    return {
      id: encodeId('promotionCode', row.id),
      code: row.code,
      maxUses: row.maxUses,
      uses: row.uses,
      generated: row.isGenerated,
      disabledAt: row.disabledAt?.toISOString() ?? null,
      createdAt: row.createdAt.toISOString(),
    };
  }
}

/** The codes that were made just now. */
export class GeneratedPromotionCodesResponse {
  @ApiProperty({ type: 'integer' })
  count: number;
  @ApiProperty({ type: [String], example: ['VIP-7K2M9QXR4T'] })
  codes: string[];
}

/** What became of a promotion. */
export class PromotionStatisticsResponse {
  @ApiProperty({ type: 'integer', description: 'orders that use it and were not given back unpaid' })
  uses: number;
  @ApiProperty({ type: 'integer', description: 'of them: paid late, beyond the limit' })
  lateUses: number;
  @ApiProperty({ type: 'integer', description: 'orders that ended unpaid: their uses can be had again' })
  released: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'how many uses are left; null: no limit' })
  left: number | null;
  @ApiProperty({ type: [PromotionTotal] })
  totals: PromotionTotal[];
  @ApiProperty({ type: 'integer' })
  codes: number;
  @ApiProperty({ type: 'integer', description: 'codes that at least one order uses' })
  usedCodes: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  firstUsedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastUsedAt: string | null;
}

const list = (amounts: AmountsByCurrency | undefined): PromotionAmount[] | undefined =>
  amounts && Object.entries(amounts).map(([currency, amount]) => ({ amount, currency }));
const encoded = (kind: IdPrefix, ids: readonly string[] | undefined) => ids?.map((id) => encodeId(kind, id));

const conditionsOf = (conditions: PromotionConditions): PromotionConditionsDto =>
  ({
    ...conditions,
    items: itemsOf(conditions.items),
    minSubtotal: list(conditions.minSubtotal),
    maxSubtotal: list(conditions.maxSubtotal),
    customerGroupIds: encoded('customerGroup', conditions.customerGroupIds),
    marketIds: encoded('market', conditions.marketIds),
  }) as PromotionConditionsDto;

function actionOf(action: PromotionAction): PromotionActionDto {
  const given: Partial<Omit<Extract<PromotionAction, { type: 'buy_x_get_y' }>, 'type'>> & {
    amounts?: AmountsByCurrency;
    tiers?: readonly PromotionTier[];
    shippingMethodIds?: readonly string[];
  } = action;
  return {
    ...given,
    type: action.type,
    amounts: list(given.amounts),
    items: itemsOf(given.items),
    buyItems: itemsOf(given.buyItems),
    tiers: given.tiers?.map((tier): PromotionTierDto => ({
      ...tier,
      fromSubtotal: list(tier.fromSubtotal),
      amounts: list(tier.amounts),
    })),
    shippingMethodIds: encoded('shippingMethod', given.shippingMethodIds),
  };
}

const itemsOf = (items: LineSelector | undefined): PromotionItems | undefined =>
  items && {
    variantIds: encoded('variant', items.variantIds),
    productIds: encoded('product', items.productIds),
    categoryIds: encoded('category', items.categoryIds),
    excludeVariantIds: encoded('variant', items.excludeVariantIds),
    excludeProductIds: encoded('product', items.excludeProductIds),
    excludeCategoryIds: encoded('category', items.excludeCategoryIds),
    excludeSaleItems: items.excludeSaleItems,
  };
