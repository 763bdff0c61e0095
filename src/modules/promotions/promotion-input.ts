import { type FieldError, ValidationFailed } from '#libs/errors';
import { isCountry } from '#libs/http';
import { decodeId, ID_PREFIXES, type IdPrefix } from '#libs/ids';
import { isCurrency } from '#libs/money';
import type {
  AmountsByCurrency,
  LineSelector,
  PromotionAction,
  PromotionConditions,
  PromotionTier,
} from '../pricing/index.js';
import type {
  PromotionActionDto,
  PromotionAmount,
  PromotionConditionsDto,
  PromotionItems,
  PromotionTierDto,
} from './dto/promotion-rule.dto.js';

/** Ids that a rule names, with where it names them: they have to exist. */
export interface NamedId {
  kind: 'variant' | 'product' | 'category' | 'shippingMethod' | 'customerGroup' | 'market';
  /** uuid */
  id: string;
  pointer: string;
}

const ITEM_LISTS = {
  variantIds: 'variant',
  productIds: 'product',
  categoryIds: 'category',
  excludeVariantIds: 'variant',
  excludeProductIds: 'product',
  excludeCategoryIds: 'category',
} as const;

/** Which fields an action takes beside `type`; those with `!` it must have. */
const ACTION_FIELDS: Readonly<Record<PromotionAction['type'], readonly string[]>> = {
  percent_off_lines: ['ratePpm!', 'items'],
  percent_off_order: ['ratePpm!', 'items'],
  amount_off_order: ['amounts!', 'items'],
  amount_off_each: ['amounts!', 'items'],
  fixed_price: ['amounts!', 'items'],
  buy_x_get_y: ['buyQuantity!', 'getQuantity!', 'ratePpm', 'maxTimes', 'buyItems', 'items'],
  tiered: ['tiers!', 'items'],
  free_shipping: ['shippingMethodIds'],
  reduced_shipping: ['ratePpm', 'amounts', 'shippingMethodIds'],
};

/** Reads the rule of a promotion as staff write it, into what pricing needs; collects everything that is wrong with it. */
export class PromotionInput {
  readonly errors: FieldError[] = [];
  readonly named: NamedId[] = [];

  /** @throws validation_failed naming every wrong field */
  assertSound(): void {
    if (this.errors.length > 0) throw ValidationFailed({ errors: this.errors.slice(0, 50) });
  }

  conditions(input: PromotionConditionsDto, at = '/conditions'): PromotionConditions {
    const minSubtotal = this.amounts(input.minSubtotal, `${at}/minSubtotal`);
    const maxSubtotal = this.amounts(input.maxSubtotal, `${at}/maxSubtotal`);
    for (const [currency, least] of Object.entries(minSubtotal ?? {}))
      if (least > (maxSubtotal?.[currency] ?? Infinity))
        this.fail(`${at}/maxSubtotal`, 'too_small', `must not be below minSubtotal in ${currency}`);
    if ((input.minQuantity ?? 0) > (input.maxQuantity ?? Infinity))
      this.fail(`${at}/maxQuantity`, 'too_small', 'must not be below minQuantity');
    this.each(
      input.countries,
      `${at}/countries`,
      isCountry,
      'unknown_country',
      'must be an ISO 3166 alpha-2 country code such as US',
    );
    this.each(
      input.currencies,
      `${at}/currencies`,
      isCurrency,
      'unknown_currency',
      'must be an ISO 4217 currency code such as USD',
    );
    return withoutGaps({
      items: this.items(input.items, `${at}/items`),
      minSubtotal,
      maxSubtotal,
      minQuantity: input.minQuantity,
      maxQuantity: input.maxQuantity,
      firstOrder: input.firstOrder || undefined,
      customerGroupIds:
        input.customerGroupIds && this.ids('customerGroup', input.customerGroupIds, `${at}/customerGroupIds`),
      marketIds: input.marketIds && this.ids('market', input.marketIds, `${at}/marketIds`),
      countries: input.countries,
      currencies: input.currencies,
    });
  }

  action(input: PromotionActionDto, at = '/action'): PromotionAction {
    this.checkFields(input, at);
    const amounts = this.amounts(input.amounts, `${at}/amounts`);
    const methods = input.shippingMethodIds;
    return withoutGaps({
      type: input.type,
      ratePpm: input.ratePpm ?? (input.type === 'buy_x_get_y' ? 1_000_000 : undefined),
      amounts,
      buyQuantity: input.buyQuantity,
      getQuantity: input.getQuantity,
      maxTimes: input.maxTimes,
      tiers: input.tiers && this.tiers(input.tiers, `${at}/tiers`),
      buyItems: this.items(input.buyItems, `${at}/buyItems`),
      items: this.items(input.items, `${at}/items`),
      shippingMethodIds: methods && this.ids('shippingMethod', methods, `${at}/shippingMethodIds`),
    }) as unknown as PromotionAction;
  }

  private checkFields(input: PromotionActionDto, at: string): void {
    const takes = ACTION_FIELDS[input.type];
    const given = input as unknown as Record<string, unknown>;
    for (const field of takes)
      if (field.endsWith('!') && given[field.slice(0, -1)] === undefined)
        this.fail(`${at}/${field.slice(0, -1)}`, 'required', `is required for ${input.type}`);
    for (const [field, value] of Object.entries(given))
      if (value !== undefined && field !== 'type' && !takes.includes(field) && !takes.includes(`${field}!`))
        this.fail(`${at}/${field}`, 'not_for_this_type', `is not a field of ${input.type}`);
    if (input.type === 'reduced_shipping') this.oneOf(given, ['ratePpm', 'amounts'], at);
  }

  private tiers(input: readonly PromotionTierDto[], at: string): PromotionTier[] {
    const tiers = input.map((tier, i): PromotionTier => {
      this.oneOf(tier as unknown as Record<string, unknown>, ['fromQuantity', 'fromSubtotal'], `${at}/${i}`);
      this.oneOf(tier as unknown as Record<string, unknown>, ['ratePpm', 'amounts'], `${at}/${i}`);
      return withoutGaps({
        fromQuantity: tier.fromQuantity,
        fromSubtotal: this.amounts(tier.fromSubtotal, `${at}/${i}/fromSubtotal`),
        ratePpm: tier.ratePpm,
        amounts: this.amounts(tier.amounts, `${at}/${i}/amounts`),
      });
    });
    tiers.forEach((tier, i) => {
      const before = tiers[i - 1];
      if (!before) return;
      const field = tier.fromQuantity === undefined ? 'fromSubtotal' : 'fromQuantity';
      const isHigher =
        field === 'fromQuantity'
          ? tier.fromQuantity! > (before.fromQuantity ?? Infinity)
          : Object.entries(tier.fromSubtotal ?? {}).every(
              ([currency, from]) => from > (before.fromSubtotal?.[currency] ?? Infinity),
            );
      if (!isHigher)
        this.fail(
          `${at}/${i}/${field}`,
          'not_ascending',
          'must be higher than in the step before, in the same currencies',
        );
    });
    return tiers;
  }

  private items(input: PromotionItems | undefined, at: string): LineSelector | undefined {
    if (!input) return undefined;
    const selector: Record<string, readonly string[] | boolean> = {};
    for (const [list, kind] of Object.entries(ITEM_LISTS) as [keyof typeof ITEM_LISTS, NamedId['kind']][]) {
      const texts = input[list];
      if (texts) selector[list] = this.ids(kind, texts, `${at}/${list}`);
    }
    if (input.excludeSaleItems) selector.excludeSaleItems = true;
    return Object.keys(selector).length === 0 ? undefined : selector;
  }

  private ids(kind: NamedId['kind'] & IdPrefix, texts: readonly string[], at: string): string[] {
    const ids = texts.flatMap((text, i) => {
      const id = decodeId(kind, text);
      if (id === null) {
        this.fail(`${at}/${i}`, 'invalid_id', `must be an id that begins with ${ID_PREFIXES[kind]}_`);
        return [];
      }
      this.named.push({ kind, id, pointer: `${at}/${i}` });
      return [id];
    });
    return [...new Set(ids)];
  }

  private amounts(input: readonly PromotionAmount[] | undefined, at: string): AmountsByCurrency | undefined {
    if (!input) return undefined;
    const amounts: Record<string, number> = {};
    for (const [i, { amount, currency }] of input.entries()) {
      if (amounts[currency] !== undefined)
        this.fail(`${at}/${i}/currency`, 'duplicate', `names ${currency} a second time`);
      amounts[currency] = amount;
    }
    return amounts;
  }

  private oneOf(given: Record<string, unknown>, fields: readonly [string, string], at: string): void {
    const there = fields.filter((field) => given[field] !== undefined);
    if (there.length !== 1)
      this.fail(
        `${at}/${there[1] ?? fields[0]}`,
        there.length === 0 ? 'required' : 'not_together',
        `exactly one of ${fields.join(' and ')}`,
      );
  }

  private each(
    list: readonly string[] | undefined,
    at: string,
    isKnown: (text: string) => boolean,
    code: string,
    detail: string,
  ): void {
    for (const [i, text] of (list ?? []).entries()) if (!isKnown(text)) this.fail(`${at}/${i}`, code, detail);
  }

  fail(pointer: string, code: string, detail: string): void {
    this.errors.push({ pointer, code, detail });
  }
}

/** Without the fields that nobody gave. */
function withoutGaps<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
