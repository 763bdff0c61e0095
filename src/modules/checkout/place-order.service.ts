import { Inject, Injectable } from '@nestjs/common';
import { type Ahead, Db, type Tx } from '#libs/database';
import { failpoint } from '#libs/failpoints';
import { encodeId } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { ShopperIdentity } from '../auth/index.js';
import {
  assessCart,
  cartAsksOf,
  type CartAssessment,
  type CartIssue,
  type CartSnapshot,
  lockCart,
  orderAs,
  promotionUsesOf,
  type ShortLine,
  shortLines,
  TaxQuotes,
} from '../cart/index.js';
import { CreditChanged, OrderCredits } from '../credits/index.js';
import { OutOfStock, StockLedger } from '../inventory/index.js';
import { newOrder, type OrderResponse, OrdersQuery, OrdersRepository } from '../orders/index.js';
import {
  AmountNotChargeable,
  AmountTooLarge,
  AmountTooSmall,
  chargeProblem,
  ExpireOrderJob,
  newPayment,
  PaymentMethodUnavailable,
  type PaymentRow,
  PaymentsRepository,
  StripeGateway,
  writtenWithOrder,
} from '../payments/index.js';
import { takePromotionUses } from '../promotions/index.js';
import { ShopContext, type ShopSnapshot } from '../settings/index.js';
import { Admission } from './admission.js';
import { CartChanged, CartIncomplete } from './checkout.errors.js';
import { refuseUsedUpCodes, usedUp } from './used-up-promotions.js';

/** The largest amount of money in a request anywhere, so that whatever is ordered can be refunded in part. */
const MAX_TOTAL = 99_999_999_999;

/** What the shopper agrees to. */
export interface PlaceOrderCommand {
  cartId: string;
  shopper: ShopperIdentity;
  paymentMethod: 'stripe' | 'manual';
  expectedTotal?: number;
  expectedAmountDue?: number;
  /** What keeps others from placing it at the same time. */
  ahead: Ahead;
  /** What else happens with the order or not at all. */
  alongWith(tx: Tx, placed: PlacedOrder): void;
}

/** The order that the cart is now, made by this call or by one before. */
export interface PlacedOrder {
  orderId: string;
  order: OrderResponse;
  /** null for an order that is free, or paid with credit */
  payment: PaymentRow | null;
}

/**
 * Turns a cart into an order, in one transaction: prices are fixed, stock is held (or taken, for orders that count without
 * an online payment), the cart is closed. No money can move before it, and one cart is one order whatever is repeated.
 */
@Injectable()
export class PlaceOrder {
  private readonly admission: Admission;

  constructor(
    private readonly db: Db,
    private readonly shop: ShopContext,
    private readonly taxes: TaxQuotes,
    private readonly stock: StockLedger,
    private readonly orders: OrdersRepository,
    private readonly views: OrdersQuery,
    private readonly payments: PaymentsRepository,
    private readonly credits: OrderCredits,
    private readonly gateway: StripeGateway,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {
    this.admission = new Admission(config.checkoutConcurrency, 10_000, 2_000);
  }

  /** @throws `out_of_stock`, `cart_changed`, `credit_changed`, `promotion_used_up`, `cart_incomplete`, `payment_method_unavailable`, `amount_too_small`, `amount_too_large`, `amount_not_chargeable`, `overloaded` */
  async execute(command: PlaceOrderCommand): Promise<PlacedOrder> {
    return this.admission.run(() => this.db.transaction((tx) => this.place(tx, command), command.ahead));
  }

  private async place(tx: Tx, command: PlaceOrderCommand): Promise<PlacedOrder> {
    let cart = await lockCart(tx, command.cartId, command.shopper, cartAsksOf(this.shop.known, command.shopper));
    if (cart.orderId !== null) {
      const [payment, order] = await Promise.all([
        this.payments.findCurrent(tx, cart.orderId),
        this.views.forShopper(cart.orderId, command.shopper, tx),
      ]);
      const placed = { orderId: cart.orderId, order, payment: payment ?? null };
      command.alongWith(tx, placed);
      return placed;
    }
    const { customer } = command.shopper;
    if (customer && cart.customerId === null) cart = await orderAs(tx, cart, customer);
    const shop = await this.shop.get(cart.shopVersion);
    const assessment = assessCart(cart, shop, this.taxes.isRequired);
    this.check(cart, assessment, command, shop);

    const { amountDue, credits } = assessment.priced;
    const waits = amountDue > 0 && command.paymentMethod === 'stripe';
    const expiresAt = waits ? new Date(Date.now() + this.config.reservationTtlMin * 60_000) : null;
    const made = newOrder(cart, assessment, {
      status: waits ? 'pending_payment' : 'confirmed',
      paymentStatus: amountDue === 0 ? 'paid' : 'pending',
      expiresAt,
    });
    const { id: orderId } = made;
    const due =
      amountDue === 0
        ? null
        : newPayment({
            order_id: orderId,
            provider: command.paymentMethod,
            status: waits ? 'requires_payment_method' : 'processing',
            amount: amountDue,
            currency: cart.currency,
            capture_method: waits ? shop.paymentCapture : 'automatic',
          });
    // None of these needs the answer of another: they make one trip, in this order.
    const begun = Promise.all([
      this.orders.insert(tx, made, due ? [writtenWithOrder(due)] : []),
      expiresAt ? enqueue(tx, ExpireOrderJob, orderId, { orderId }, expiresAt) : null,
      this.credits.spend(tx, { id: orderId, currency: cart.currency }, credits),
    ]);
    // Whoever takes or gives back both, credit and goods, begins with the credit: so does the end of an order.
    if (credits.length > 0) await begun;
    const [[written, , isCredited], missing, refused] = await Promise.all([
      begun,
      this.stock.reserve(
        tx,
        made.stock.map((item) => ({ orderId, ...item })),
        waits ? 'hold' : 'commit',
      ),
      // Behind the stock: whoever sets a limit waits for orders that write their uses, and shall not wait for stock with them.
      takePromotionUses(
        tx,
        { orderId, currency: cart.currency, email: cart.email, customerId: cart.customerId },
        promotionUsesOf(cart, assessment.priced),
        shop.promotions.asks.includes('limits') || shop.promotions.asks.includes('customers'),
      ),
    ]);
    if (!isCredited) throw CreditChanged();
    if (missing.length > 0) {
      const now = await this.stock.available(tx, missing);
      throw this.outOfStock(cart, shortLines(cart.lines, new Set(missing), now));
    }
    if (refused.length > 0)
      throw usedUp(assessment, (promotionId) => refused.find((one) => one.promotionId === promotionId)?.reason);
    failpoint('commit.place_order');
    const payment = due && { ...due, created_at: written.created_at, updated_at: written.updated_at };
    const order = this.views.placed(written, payment && [{ ...payment, credited: 0, capture_before: null }]);
    const placed = { orderId, order, payment };
    command.alongWith(tx, placed);
    return placed;
  }

  private check(
    cart: CartSnapshot,
    assessment: CartAssessment,
    command: PlaceOrderCommand,
    shop: Pick<ShopSnapshot, 'manualPayments' | 'stripePayments'>,
  ): void {
    const offered =
      command.paymentMethod === 'manual' ? shop.manualPayments : shop.stripePayments && this.gateway.enabled;
    if (!offered) {
      throw PaymentMethodUnavailable({
        errors: [
          {
            pointer: '/paymentMethod',
            code: 'not_offered',
            detail: `the shop does not take ${command.paymentMethod} payments`,
          },
        ],
      });
    }
    const blocking = assessment.issues.filter((issue) => issue.severity === 'blocking');
    const soldOut = blocking.filter((issue) => issue.code === 'out_of_stock');
    if (soldOut.length > 0) {
      throw this.outOfStock(
        cart,
        soldOut.map((issue) => ({ index: lineOf(issue), available: issue.available ?? 0 })),
      );
    }
    const { total, amountDue } = assessment.priced;
    const creditChanged = (issues: readonly CartIssue[]) =>
      CreditChanged({
        ...(issues.length > 0
          ? { errors: issues.map(({ pointer, code, detail }) => ({ pointer, code, detail })) }
          : {}),
        data: {
          total: { amount: total, currency: cart.currency },
          amountDue: { amount: amountDue, currency: cart.currency },
        },
      });
    const spent = blocking.filter((issue) => issue.code === 'gift_card_unusable');
    if (spent.length > 0) throw creditChanged(spent);
    if (blocking.length > 0) {
      throw CartIncomplete({ errors: blocking.map(({ pointer, code, detail }) => ({ pointer, code, detail })) });
    }
    // Nobody pays more than they thought because somebody else was faster.
    refuseUsedUpCodes(assessment);
    if (command.expectedTotal !== undefined && command.expectedTotal !== total) {
      throw CartChanged({
        data: { total: { amount: total, currency: cart.currency }, expectedTotal: command.expectedTotal },
      });
    }
    if (command.expectedAmountDue !== undefined && command.expectedAmountDue !== amountDue) throw creditChanged([]);
    if (total > MAX_TOTAL) throw AmountTooLarge({ data: { maximum: MAX_TOTAL, currency: cart.currency } });
    if (amountDue > 0 && command.paymentMethod === 'stripe') {
      const problem = chargeProblem(amountDue, cart.currency);
      if (problem?.problem === 'too_small')
        throw AmountTooSmall({ data: { minimum: problem.limit, currency: cart.currency } });
      if (problem?.problem === 'step')
        throw AmountNotChargeable({ data: { step: problem.limit, currency: cart.currency } });
      if (problem) throw AmountTooLarge({ data: { maximum: problem.limit, currency: cart.currency } });
    }
  }

  private outOfStock(cart: CartSnapshot, short: readonly ShortLine[]) {
    const lines = short.map(({ index, available }) => ({ line: cart.lines[index]!, index, available }));
    return OutOfStock({
      errors: lines.map(({ line, index, available }) => ({
        pointer: `/lines/${index}`,
        code: 'out_of_stock',
        detail: available === 0 ? `${line.title} is sold out` : `only ${available} of ${line.title} left`,
      })),
      data: {
        lines: lines.map(({ line, available }) => ({
          lineId: encodeId('line', line.id),
          variantId: encodeId('variant', line.variantId),
          requested: line.quantity,
          available,
        })),
      },
    });
  }
}

const lineOf = (issue: CartIssue) => Number(issue.pointer.split('/')[2]);
