import { Inject, Injectable } from '@nestjs/common';
import { Db, type Queryable } from '#libs/database';
import { encodeId } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { CustomerIdentity, ShopperIdentity } from '../auth/index.js';
import { GiftCards } from '../credits/index.js';
import { codeOf, type CodeTry, PromotionCodeGate } from '../promotions/index.js';
import { shippingTotals } from '../pricing/index.js';
import { priceContextOf, type PriceWish, ShopContext } from '../settings/index.js';
import { type CartAsks, cartAsksOf, wereEnough } from './cart-asks.js';
import { CartWriter, type CartReference } from './cart-writer.service.js';
import { assessCart, beforePricing } from './cart.assessment.js';
import { asTheirs } from './guest-wishes.js';
import { type MergeCommand, type MergeOutcome, MergeCarts } from './merge-carts.service.js';
import { type CartPurpose, type CartSnapshot, findCart, readCart } from './cart.snapshot.js';
import type {
  CartLineRequest,
  CreateCartRequest,
  UpdateCartLineRequest,
  UpdateCartRequest,
} from './dto/cart.request.js';
import { TaxQuotes } from './tax/tax-quotes.service.js';
import { CartResponse, CreatedCartResponse, type ShippingMethodsResponse } from './dto/cart.response.js';

/** A cart as the shopper sees it, with the version for its ETag. */
export interface CartView<R = CartResponse> {
  body: R;
  version: number;
}

/** What shoppers do with carts. Every answer is the whole cart, priced at this moment, with advice. */
@Injectable()
export class CartService {
  constructor(
    private readonly db: Db,
    private readonly writer: CartWriter,
    private readonly mergeCarts: MergeCarts,
    private readonly shop: ShopContext,
    private readonly codes: PromotionCodeGate,
    private readonly taxes: TaxQuotes,
    private readonly giftCards: GiftCards,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async create(
    request: CreateCartRequest,
    wish: PriceWish,
    address: string,
    customer?: CustomerIdentity,
  ): Promise<CartView<CreatedCartResponse>> {
    const admitted = await this.withCodes(request, { address });
    const shop = await this.shop.get();
    const asks = cartAsksOf(shop, { customer }, request.email ?? null);
    const made = await this.writer.create(admitted, priceContextOf(shop, wish), asks, customer);
    const view = await this.presentNew(made.cart, asks, { cartToken: made.token, customer });
    return { version: view.version, body: { ...view.body, token: made.token } };
  }

  async get(cart: CartReference): Promise<CartView> {
    return this.view(cart);
  }

  async update(cart: CartReference, asked: UpdateCartRequest, address: string): Promise<CartView> {
    if (asked.promotionCodes?.length) await readCart(this.db, cart.id, cart.shopper);
    const request = await this.withCodes(asked, { cartId: cart.id, address });
    await this.writer.checkReferences(request);
    if (request.lines === undefined)
      return this.present(await this.writer.updateFields(this.db, cart, request, this.asksFor(cart)), cart.shopper);
    await this.writer.replaceLines(cart, request);
    return this.view(cart);
  }

  async addLine(cart: CartReference, line: CartLineRequest): Promise<CartView> {
    return this.change(cart, (db, asks) => this.writer.addLine(db, cart, line, asks));
  }

  async updateLine(
    cart: CartReference,
    lineId: string,
    { quantity, recipientEmail }: UpdateCartLineRequest,
  ): Promise<CartView> {
    if (recipientEmail === undefined)
      return this.change(cart, (db, asks) => this.writer.setQuantity(db, cart, lineId, quantity, asks));
    await this.db.transaction(async (tx) => {
      await this.writer.setRecipient(tx, cart, lineId, recipientEmail);
      await this.writer.setQuantity(tx, cart, lineId, quantity, this.asksFor(cart));
    });
    return this.view(cart);
  }

  async removeLine(cart: CartReference, lineId: string): Promise<CartView> {
    return this.change(cart, (db) => this.writer.removeLine(db, cart, lineId));
  }

  async delete(cart: CartReference): Promise<void> {
    await this.writer.delete(cart);
  }

  /** The open carts of a customer, the one used last first. */
  async openCartsOf(customer: CustomerIdentity): Promise<CartResponse[]> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM carts WHERE customer_id = $1 AND status = 'open' ORDER BY updated_at DESC, id DESC LIMIT 100`,
      [customer.id],
    );
    const shopper = { cartToken: undefined, customer };
    const carts: CartResponse[] = [];
    // One after another: they shall not take all connections.
    for (const { id } of rows) carts.push((await this.view({ id, shopper })).body);
    return carts;
  }

  /** Before a checkout: has the tax of the cart told from outside, where the shop has it so. @throws not_found */
  async quoteTax(cart: CartReference): Promise<void> {
    if (!this.taxes.isOutside) return;
    const snapshot = await readCart(this.db, cart.id, cart.shopper);
    await this.taxes.quoted(snapshot, await this.shop.get(snapshot.shopVersion));
  }

  /** See `MergeCarts`. */
  merge(command: MergeCommand): Promise<MergeOutcome> {
    return this.mergeCarts.execute(command);
  }

  async shippingMethods(cart: CartReference): Promise<ShippingMethodsResponse> {
    const read = await readCart(this.db, cart.id, cart.shopper, this.asksFor(cart), 'ship');
    const snapshot = await this.seenBy(cart.shopper, read, 'ship');
    const { input, shippingOptions } = beforePricing(snapshot, await this.shop.get(snapshot.shopVersion));
    const offered = shippingOptions.flatMap(({ method, quote }) =>
      'price' in quote ? [{ rule: method, price: quote.price }] : [],
    );
    const totals = shippingTotals(offered, input);
    return {
      data: offered.map(({ rule: { id, name, currency } }, i) => ({
        id: encodeId('shippingMethod', id),
        name,
        price: { amount: totals[i]!, currency },
      })),
    };
  }

  /**
   * Pays with the gift card of a code, as far as it reaches.
   * @param address of who asks: wrong codes are counted
   */
  async applyGiftCard(cart: CartReference, code: string, address: string): Promise<CartView> {
    const { currency } = await readCart(this.db, cart.id, cart.shopper);
    const card = await this.giftCards.usableByCode(code, currency, address);
    return this.change(cart, (db) => this.writer.addGiftCard(db, cart, card.id));
  }

  async removeGiftCard(cart: CartReference, giftCardId: string): Promise<CartView> {
    return this.change(cart, (db) => this.writer.removeGiftCard(db, cart, giftCardId));
  }

  /** Only who may open the cart gets to try codes. */
  async applyPromotion(cart: CartReference, text: string, address: string): Promise<CartView> {
    await readCart(this.db, cart.id, cart.shopper);
    const [code] = await this.codes.admit([text], { cartId: cart.id, address }, () => '/code');
    return this.present(await this.writer.addCode(cart, code!), cart.shopper);
  }

  async removePromotion(cart: CartReference, text: string): Promise<CartView> {
    return this.present(await this.writer.removeCode(cart, codeOf(text) ?? ''), cart.shopper);
  }

  private async withCodes<R extends CreateCartRequest | UpdateCartRequest>(request: R, who: CodeTry): Promise<R> {
    if (!request.promotionCodes?.length) return request;
    const promotionCodes = await this.codes.admit(request.promotionCodes, who, (i) => `/promotionCodes/${i}`);
    return Object.assign(request, { promotionCodes });
  }

  /** A cart that was just made is shown as it was written, unless the shop has changed meanwhile. */
  private async presentNew(cart: CartSnapshot, asks: CartAsks, shopper: ShopperIdentity): Promise<CartView> {
    return wereEnough(asks, cart) ? this.present(cart, shopper) : this.view({ id: cart.id, shopper });
  }

  /** Writes, and reads what became of the cart: one trip to Postgres for a cart that is what it seems. */
  private async change(
    cart: CartReference,
    write: (db: Queryable, asks: CartAsks) => Promise<void>,
  ): Promise<CartView> {
    const asks = this.asksFor(cart);
    const snapshot = await this.db.inOneTrip(
      (db) => write(db, asks),
      (db) => findCart(db, cart.id, cart.shopper, asks),
    );
    return snapshot ? this.present(snapshot, cart.shopper) : this.view(cart);
  }

  private async view(cart: CartReference): Promise<CartView> {
    return this.present(await readCart(this.db, cart.id, cart.shopper, this.asksFor(cart)), cart.shopper);
  }

  private asksFor({ shopper }: CartReference): CartAsks {
    return cartAsksOf(this.shop.known, shopper);
  }

  /** A customer who is signed in sees also a guest's cart as they would order it. */
  private seenBy(
    { customer }: ShopperIdentity,
    cart: CartSnapshot,
    purpose?: CartPurpose,
  ): CartSnapshot | Promise<CartSnapshot> {
    return customer && cart.customerId === null ? asTheirs(this.db, cart, customer, purpose) : cart;
  }

  private async present(read: CartSnapshot, shopper: ShopperIdentity): Promise<CartView> {
    const snapshot = await this.seenBy(shopper, read);
    const shop = await this.shop.get(snapshot.shopVersion);
    const cart = await this.taxes.quoted(snapshot, shop);
    const assessment = assessCart(cart, shop, this.taxes.isRequired);
    return { body: CartResponse.from(snapshot, assessment, this.config.publicUrl), version: snapshot.version };
  }
}
