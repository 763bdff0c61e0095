import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import { fullMediaUrl } from '../../catalog/index.js';
import { explainPromotion, Money, type PricedLine } from '../../pricing/index.js';
import { shownPromotions } from '../cart-promotions.js';
import type { CartAssessment } from '../cart.assessment.js';
import type { CartLineSnapshot, CartSnapshot } from '../cart.snapshot.js';
import { Address } from './address.dto.js';
import { LinePartResponse } from './line-part.response.js';

/** The price list that a unit price is from. */
export class CartPriceListResponse {
  @ApiProperty({ example: 'plist_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Summer sale' })
  name: string;
}

/** What a promotion takes off a line. */
export class LineDiscountResponse {
  @ApiProperty()
  promotionId: string;
  @ApiProperty({ type: Money })
  amount: Money;
}

/** A promotion that applies, whose code is in the cart, or that lies within reach. */
export class CartPromotionResponse {
  @ApiProperty()
  promotionId: string;
  @ApiProperty({ type: String, nullable: true, description: 'null for one that comes by itself' })
  code: string | null;
  @ApiProperty()
  name: string;
  @ApiProperty({ type: Money, description: 'what it takes off, lines and shipping together' })
  amount: Money;
  @ApiProperty()
  applied: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'why it does not apply', example: 'subtotal_too_low' })
  reason: string | null;
  @ApiProperty({ example: 'Needs $20.00 more.' })
  detail: string;
}

/** A line of a cart with its own tax and discount. */
export class CartLineResponse {
  @ApiProperty()
  id: string;
  @ApiProperty()
  variantId: string;
  @ApiProperty()
  productId: string;
  @ApiProperty()
  handle: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  variantTitle: string;
  @ApiProperty({ type: String, nullable: true })
  sku: string | null;
  @ApiProperty({ type: String, nullable: true })
  thumbnail: string | null;
  @ApiProperty({ type: 'integer' })
  quantity: number;
  @ApiProperty({ type: Money })
  unitPrice: Money;
  @ApiProperty({ type: Money, nullable: true, description: 'what it usually costs, where the unit price is below it' })
  compareAt: Money | null;
  @ApiProperty({
    type: Money,
    nullable: true,
    description: 'of a reduced price: the lowest public price of the 30 days before the reduction',
  })
  lowestPrice30Days: Money | null;
  @ApiProperty({
    type: CartPriceListResponse,
    nullable: true,
    description: 'where the unit price is from; null: it is the variant’s own',
  })
  priceList: CartPriceListResponse | null;
  @ApiProperty({ type: Money })
  discountTotal: Money;
  @ApiProperty({ type: [LineDiscountResponse], description: 'what `discountTotal` is made of' })
  discounts: LineDiscountResponse[];
  @ApiProperty({ type: Money })
  taxTotal: Money;
  @ApiProperty({ type: Money, description: 'quantity x unit price - discount, plus tax where prices exclude it' })
  total: Money;
  @ApiProperty({ type: [LinePartResponse], required: false, description: 'what is in it; only of bundles' })
  parts?: LinePartResponse[];
  @ApiProperty({
    type: String,
    nullable: true,
    required: false,
    description: 'who gets the codes by mail; null: the buyer; only of gift cards',
  })
  recipientEmail?: string | null;
}

/** Advice on the cart; see docs. */
export class CartIssueResponse {
  @ApiProperty({
    enum: [
      'out_of_stock',
      'variant_unavailable',
      'price_changed',
      'market_mismatch',
      'tax_unavailable',
      'email_missing',
      'shipping_address_missing',
      'shipping_method_missing',
      'shipping_method_unavailable',
      'cart_empty',
      'promotion_not_applied',
      'gift_card_unusable',
      'gift_card_quantity',
    ],
  })
  code: string;
  @ApiProperty({ enum: ['blocking', 'warning'], description: 'blocking: checkout would refuse the cart as it is' })
  severity: string;
  @ApiProperty({ example: '/lines/0' })
  pointer: string;
  @ApiProperty()
  detail: string;
  @ApiProperty({ required: false, type: 'integer' })
  available?: number;
  @ApiProperty({ required: false, type: 'integer' })
  previousAmount?: number;
  @ApiProperty({ required: false, description: 'of `promotion_not_applied`' })
  reason?: string;
}

/** A gift card that the cart is to be paid with. */
export class CartGiftCardResponse {
  @ApiProperty({ example: 'gift_01j40000000000000000000001' })
  id: string;
  @ApiProperty({ example: 'PQRS', description: 'the last characters of its code' })
  last4: string;
  @ApiProperty({ type: Money })
  balance: Money;
  @ApiProperty({ type: Money, description: 'what it pays of this cart' })
  amount: Money;
}

/** What the customer has with the shop, in the currency of the cart. */
export class CartStoreCreditResponse {
  @ApiProperty({ type: Money })
  balance: Money;
  @ApiProperty({ type: Money, description: 'what it pays of this cart; nothing without `useStoreCredit`' })
  amount: Money;
}

/** A cart with its totals. */
export class CartResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ enum: ['open', 'completed'] })
  status: string;
  @ApiProperty({ example: 'USD' })
  currency: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'where it was begun; null where the shop has no market of its own for the country',
  })
  marketId: string | null;
  @ApiProperty({ type: String, nullable: true })
  email: string | null;
  @ApiProperty({ type: () => Address, nullable: true })
  shippingAddress: Address | null;
  @ApiProperty({ type: () => Address, nullable: true })
  billingAddress: Address | null;
  @ApiProperty({ type: String, nullable: true })
  shippingMethodId: string | null;
  @ApiProperty({ type: [String] })
  promotionCodes: string[];
  @ApiProperty({
    type: [CartPromotionResponse],
    description: 'promotions that apply, those whose code is in the cart, and some that lie within reach',
  })
  promotions: CartPromotionResponse[];
  @ApiProperty({ type: [CartLineResponse] })
  lines: CartLineResponse[];
  @ApiProperty({ type: 'integer', description: 'pieces, all lines together' })
  itemCount: number;
  @ApiProperty({ description: 'whether something in it has to be shipped' })
  requiresShipping: boolean;
  @ApiProperty({ type: Money })
  subtotal: Money;
  @ApiProperty({ type: Money })
  discountTotal: Money;
  @ApiProperty({ type: Money })
  shippingTotal: Money;
  @ApiProperty({ type: Money })
  taxTotal: Money;
  @ApiProperty({ description: 'whether the prices contain the tax already' })
  taxIncluded: boolean;
  @ApiProperty({
    enum: ['exempt', 'reverse_charge'],
    nullable: true,
    description: 'why no tax is due: the shop exempts the customer, or their business owes it itself (EU)',
  })
  taxExemption: string | null;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({ type: [CartGiftCardResponse], description: 'in the order in which they are used up' })
  giftCards: CartGiftCardResponse[];
  @ApiProperty({ type: CartStoreCreditResponse, nullable: true, description: 'null for guests and who has none' })
  storeCredit: CartStoreCreditResponse | null;
  @ApiProperty()
  useStoreCredit: boolean;
  @ApiProperty({ type: Money, description: 'what gift cards and store credit pay' })
  creditTotal: Money;
  @ApiProperty({ type: Money, description: 'what is left to pay: total - creditTotal' })
  amountDue: Money;
  @ApiProperty({ type: [CartIssueResponse] })
  issues: CartIssueResponse[];
  @ApiProperty({ type: String, nullable: true, description: 'the order that it has become' })
  orderId: string | null;
  @ApiProperty()
  createdAt: string;
  @ApiProperty()
  updatedAt: string;

  static from(cart: CartSnapshot, assessment: CartAssessment, publicUrl: string): CartResponse {
    const { priced } = assessment;
    const money = (amount: number): Money => ({ amount, currency: cart.currency });
    const paid = (creditId: string) => priced.credits.find(({ id }) => id === creditId)?.amount ?? 0;
    return {
      id: encodeId('cart', cart.id),
      status: cart.status,
      currency: cart.currency,
      marketId: cart.marketId === null ? null : encodeId('market', cart.marketId),
      email: cart.email,
      shippingAddress: cart.shippingAddress,
      billingAddress: cart.billingAddress,
      shippingMethodId: cart.shippingMethodId === null ? null : encodeId('shippingMethod', cart.shippingMethodId),
      promotionCodes: cart.promotionCodes,
      promotions: shownPromotions(priced).map((outcome) => ({
        promotionId: encodeId('promotion', outcome.promotionId),
        code: outcome.code,
        name: outcome.name,
        amount: money(outcome.amount),
        applied: outcome.applied,
        reason: outcome.reason,
        detail: explainPromotion(outcome, cart.currency),
      })),
      lines: cart.lines.map((line, i) => ({
        id: encodeId('line', line.id),
        variantId: encodeId('variant', line.variantId),
        productId: encodeId('product', line.productId),
        handle: line.handle,
        title: line.title,
        variantTitle: line.variantTitle,
        sku: line.sku,
        thumbnail: line.thumbnail === null ? null : fullMediaUrl(line.thumbnail, publicUrl),
        quantity: line.quantity,
        unitPrice: money(priced.lines[i]!.unitPrice),
        ...reductionOf(line, priced.lines[i]!, money),
        discountTotal: money(priced.lines[i]!.discountTotal),
        discounts: priced.lines[i]!.discounts.map(({ promotionId, amount }) => ({
          promotionId: encodeId('promotion', promotionId),
          amount: money(amount),
        })),
        taxTotal: money(priced.lines[i]!.taxTotal),
        total: money(priced.lines[i]!.total),
        ...(line.isGiftCard && { recipientEmail: line.recipientEmail }),
        ...(line.parts && { parts: line.parts.map((part) => LinePartResponse.from(part)) }),
      })),
      itemCount: cart.lines.reduce((sum, line) => sum + line.quantity, 0),
      requiresShipping: assessment.requiresShipping,
      subtotal: money(priced.subtotal),
      discountTotal: money(priced.discountTotal),
      shippingTotal: money(priced.shippingTotal),
      taxTotal: money(priced.taxTotal),
      taxIncluded: assessment.taxIncluded,
      taxExemption: assessment.taxExemption,
      total: money(priced.total),
      giftCards: cart.giftCards.map(({ id, last4, balance }) => ({
        id: encodeId('giftCard', id),
        last4,
        balance: money(balance),
        amount: money(paid(id)),
      })),
      storeCredit: cart.storeCredit && {
        balance: money(cart.storeCredit.balance),
        amount: money(paid(cart.storeCredit.id)),
      },
      useStoreCredit: cart.useStoreCredit,
      creditTotal: money(priced.total - priced.amountDue),
      amountDue: money(priced.amountDue),
      issues: assessment.issues,
      orderId: cart.orderId === null ? null : encodeId('order', cart.orderId),
      createdAt: cart.createdAt.toISOString(),
      updatedAt: cart.updatedAt.toISOString(),
    };
  }
}

/** What a line is reduced from, and by which list. */
function reductionOf(
  line: CartLineSnapshot,
  { compareAt, priceListId }: PricedLine,
  money: (amount: number) => Money,
): Pick<CartLineResponse, 'compareAt' | 'lowestPrice30Days' | 'priceList'> {
  const list = line.offers.find((offer) => offer.priceListId === priceListId);
  return {
    compareAt: compareAt === null ? null : money(compareAt),
    lowestPrice30Days: compareAt === null || line.lowestPrice === null ? null : money(line.lowestPrice),
    priceList: list ? { id: encodeId('priceList', list.priceListId), name: list.name } : null,
  };
}

/** The new cart with its token, which is shown this once. */
export class CreatedCartResponse extends CartResponse {
  @ApiProperty({ description: 'send it as X-Cart-Token; good for this cart and the order that it becomes' })
  token: string;
}

/** One way to ship this cart. */
export class CartShippingMethodResponse {
  @ApiProperty()
  id: string;
  @ApiProperty({ example: 'Standard' })
  name: string;
  @ApiProperty({ type: Money })
  price: Money;
}

/** What can ship this cart to its address. */
export class ShippingMethodsResponse {
  @ApiProperty({ type: [CartShippingMethodResponse] })
  data: CartShippingMethodResponse[];
}
