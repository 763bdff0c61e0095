import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';
import { decodeId, encodeId } from '#libs/ids';
import { explainPromotion, type Money, type PromotionRule } from '../pricing/index.js';
import { codeOf, PromotionCodeNotFound, promotionRules } from '../promotions/index.js';
import { priceContextOf, ShopContext, type ShopSnapshot } from '../settings/index.js';
import { EVERYTHING } from './cart-asks.js';
import { assessCart, type CartAssessment } from './cart.assessment.js';
import { VariantNotFound } from './cart.errors.js';
import {
  type CartScope,
  type CartSnapshot,
  type CustomerTuple,
  customerTuple,
  type LineTuple,
  lineTuple,
  toCustomer,
  toLines,
} from './cart.snapshot.js';
import type { PromotionPreviewRequest, PromotionPreviewResponse } from './dto/promotion-preview.dto.js';
import { promotionFacts, type PromotionFacts } from './promotion-facts.js';

const SCOPE: CartScope = { currency: 'c.currency', market: 'c.market_id', customer: 'c.customer_id' };

/** The same expressions that read a cart, over one that is made of parameters. */
const READ = `
  WITH c AS MATERIALIZED (
    SELECT $1::text[] AS promotion_codes, coalesce($2::text, (SELECT email FROM customers WHERE id = $3)) AS email,
      $3::uuid AS customer_id, $4::char(3) AS currency, $5::uuid AS market_id)
  SELECT c.email, ${customerTuple('c.customer_id')} AS customer, now() AS read_at,
    (SELECT json_agg(${lineTuple('l', '0', SCOPE)} ORDER BY l.position)
     FROM (SELECT w.*, w.variant_id AS id FROM unnest($6::uuid[], $7::int[]) WITH ORDINALITY AS w (variant_id, quantity, position)) l
     JOIN variants v ON v.id = l.variant_id JOIN products p ON p.id = v.product_id
     LEFT JOIN prices pr ON pr.variant_id = v.id AND pr.currency = c.currency) AS lines, ${promotionFacts(EVERYTHING)} AS promotion_facts
  FROM c`;

interface Row {
  email: string | null;
  customer: CustomerTuple | null;
  read_at: Date;
  lines: LineTuple[] | null;
  promotion_facts: PromotionFacts | null;
}

/** Tells staff what a cart would cost, and of every promotion why it applies or not: by the code that prices real carts. */
@Injectable()
export class PromotionPreview {
  constructor(
    private readonly db: Db,
    private readonly shop: ShopContext,
  ) {}

  /** @throws variant_not_for_sale, promotion_code_not_found, validation_failed */
  async execute(request: PromotionPreviewRequest): Promise<PromotionPreviewResponse> {
    const shop = await this.withDrafts(await this.shop.newest(), request.promotionIds ?? []);
    const { marketId, currency, taxIncluded } = priceContextOf(shop, {
      country: request.country ?? null,
      currency: request.currency ?? null,
    });
    const codes = (request.promotionCodes ?? []).map((text) => codeOf(text) ?? '');
    const [row] = await this.db.query<Row>(READ, [
      codes,
      request.email ?? null,
      request.customerId ?? null,
      currency,
      marketId,
      request.lines.map((line) => line.variantId),
      request.lines.map((line) => line.quantity),
    ]);
    const { email, customer, lines, promotion_facts: facts } = row!;
    const cart: CartSnapshot = {
      ...NOT_WRITTEN,
      customerId: request.customerId ?? null,
      customer: toCustomer(customer),
      marketId,
      currency,
      taxIncluded,
      email,
      shippingAddress: request.country === undefined ? null : placeOf(request.country, request.state),
      shippingMethodId: request.shippingMethodId ?? null,
      promotionCodes: codes,
      createdAt: row!.read_at,
      updatedAt: row!.read_at,
      readAt: request.at === undefined ? row!.read_at : new Date(request.at),
      shopVersion: shop.version,
      lines: toLines(lines),
      promotionFacts: facts,
    };
    this.check(request, cart);
    return answerOf(cart, assessCart(cart, shop, false, 'staff'));
  }

  /** The shop as if these promotions ran by themselves. */
  private async withDrafts(shop: ShopSnapshot, ids: readonly string[]): Promise<ShopSnapshot> {
    if (ids.length === 0) return shop;
    const uuids = ids.map((id) => decodeId('promotion', id));
    const drafts = await promotionRules(
      this.db,
      uuids.filter((id) => id !== null),
    );
    const errors = uuids.flatMap((id, i): FieldError[] =>
      drafts.some((rule) => rule.id === id)
        ? []
        : [{ pointer: `/promotionIds/${i}`, code: 'not_found', detail: 'there is no such promotion' }],
    );
    if (errors.length > 0) throw ValidationFailed({ errors });
    const isTried = (rule: PromotionRule) => drafts.some((draft) => draft.id === rule.id);
    const automatic = [...shop.promotions.automatic.filter((rule) => !isTried(rule)), ...drafts];
    return { ...shop, promotions: { ...shop.promotions, automatic } };
  }

  private check(request: PromotionPreviewRequest, cart: CartSnapshot): void {
    const isForSale = (variantId: string) =>
      cart.lines.some((line) => line.variantId === variantId && line.unitPrice !== null);
    const errorsOf = <T>(
      all: readonly T[],
      isWrong: (one: T, i: number) => boolean,
      error: (i: number) => FieldError,
    ) => all.flatMap((one, i) => (isWrong(one, i) ? [error(i)] : []));
    const missing = errorsOf(
      request.lines,
      ({ variantId }) => !isForSale(variantId),
      (i) => ({
        pointer: `/lines/${i}/variantId`,
        code: 'variant_not_for_sale',
        detail: `${encodeId('variant', request.lines[i]!.variantId)} is not for sale in ${cart.currency}`,
      }),
    );
    if (missing.length > 0) throw VariantNotFound({ errors: missing });
    const unknown = errorsOf(
      cart.promotionCodes,
      (code) => !cart.promotionFacts?.codes?.some((one) => one.code === code),
      (i) => ({ pointer: `/promotionCodes/${i}`, code: 'not_found', detail: 'there is no such promotion code' }),
    );
    if (unknown.length > 0) throw PromotionCodeNotFound({ errors: unknown });
    if (cart.customerId !== null && cart.customer === null)
      throw ValidationFailed({
        errors: [{ pointer: '/customerId', code: 'not_found', detail: 'there is no such customer' }],
      });
  }
}

const NOT_WRITTEN = {
  taxQuote: null,
  id: '',
  tokenHash: Buffer.alloc(0),
  status: 'open',
  billingAddress: null,
  version: 1,
  orderId: null,
  giftCards: [],
  storeCredit: null,
  useStoreCredit: false,
} as const;

const placeOf = (country: string, state: string | undefined) => ({
  firstName: '',
  lastName: '',
  line1: '',
  city: '',
  postalCode: '',
  state: state ?? null,
  country,
});

function answerOf(cart: CartSnapshot, { priced }: CartAssessment): PromotionPreviewResponse {
  const money = (amount: number): Money => ({ amount, currency: cart.currency });
  return {
    lines: cart.lines.map((line, i) => ({
      variantId: encodeId('variant', line.variantId),
      title: line.title,
      quantity: line.quantity,
      unitPrice: money(priced.lines[i]!.unitPrice),
      discounts: priced.lines[i]!.discounts.map(({ promotionId, amount }) => ({
        promotionId: encodeId('promotion', promotionId),
        amount: money(amount),
      })),
      total: money(priced.lines[i]!.total),
    })),
    subtotal: money(priced.subtotal),
    discountTotal: money(priced.discountTotal),
    shippingTotal: money(priced.shippingTotal),
    taxTotal: money(priced.taxTotal),
    total: money(priced.total),
    promotions: priced.promotions.map((outcome) => ({
      promotionId: encodeId('promotion', outcome.promotionId),
      code: outcome.code,
      name: outcome.name,
      class: outcome.class,
      amount: money(outcome.amount),
      shippingAmount: money(
        priced.shippingDiscounts.find((part) => part.promotionId === outcome.promotionId)?.amount ?? 0,
      ),
      applied: outcome.applied,
      reason: outcome.reason,
      detail: explainPromotion(outcome, cart.currency),
    })),
  };
}
