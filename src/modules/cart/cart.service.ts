import { Inject, Injectable } from '@nestjs/common';
import { Db, type Queryable } from '#libs/database';
import { NotFound } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { CustomerIdentity } from '../auth/index.js';
import { priceContextOf, type PriceWish, ShopContext } from '../settings/index.js';
import { CartWriter, type CartReference } from './cart-writer.service.js';
import { assessCart, shippingTotalBy } from './cart.assessment.js';
import { type MergeCommand, type MergeOutcome, MergeCarts } from './merge-carts.service.js';
import { PromotionCodeNotFound } from './cart.errors.js';
import { type CartSnapshot, findCart, readCart } from './cart.snapshot.js';
import type { CartLineRequest, CreateCartRequest, UpdateCartRequest } from './dto/cart.request.js';
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
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async create(
    request: CreateCartRequest,
    wish: PriceWish,
    customer?: CustomerIdentity,
  ): Promise<CartView<CreatedCartResponse>> {
    const made = await this.writer.create(request, priceContextOf(await this.shop.get(), wish), customer);
    const view = await this.present(made.cart);
    return { version: view.version, body: { ...view.body, token: made.token } };
  }

  async get(cart: CartReference): Promise<CartView> {
    return this.view(cart);
  }

  async update(cart: CartReference, request: UpdateCartRequest): Promise<CartView> {
    await this.writer.checkReferences(request);
    if (request.lines === undefined) return this.present(await this.writer.updateFields(this.db, cart, request));
    await this.writer.replaceLines(cart, request);
    return this.view(cart);
  }

  async addLine(cart: CartReference, line: CartLineRequest): Promise<CartView> {
    return this.change(cart, (db) => this.writer.addLine(db, cart, line));
  }

  async setQuantity(cart: CartReference, lineId: string, quantity: number): Promise<CartView> {
    return this.change(cart, (db) => this.writer.setQuantity(db, cart, lineId, quantity));
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

  /** See `MergeCarts`. */
  merge(command: MergeCommand): Promise<MergeOutcome> {
    return this.mergeCarts.execute(command);
  }

  async shippingMethods(cart: CartReference): Promise<ShippingMethodsResponse> {
    const snapshot = await readCart(this.db, cart.id, cart.shopper);
    const assessment = assessCart(snapshot, await this.shop.get(snapshot.shopVersion));
    return {
      data: assessment.shippingOptions
        .filter(({ quote }) => 'price' in quote)
        .map(({ method }) => ({
          id: encodeId('shippingMethod', method.id),
          name: method.name,
          price: { amount: shippingTotalBy(method, assessment), currency: method.currency },
        })),
    };
  }

  /** There are no promotions yet, so no code exists. */
  async applyPromotion(cart: CartReference, code: string): Promise<CartView> {
    await readCart(this.db, cart.id, cart.shopper);
    throw PromotionCodeNotFound({
      errors: [{ pointer: '/code', code: 'not_found', detail: `there is no promotion code "${code}"` }],
    });
  }

  async removePromotion(cart: CartReference, _code: string): Promise<CartView> {
    await readCart(this.db, cart.id, cart.shopper);
    throw NotFound({ detail: 'This code is not applied to the cart.' });
  }

  /** Writes, and reads what became of the cart: one trip to Postgres. */
  private async change(cart: CartReference, write: (db: Queryable) => Promise<void>): Promise<CartView> {
    const [, snapshot] = await this.db.inOneTrip((db) => Promise.all([write(db), findCart(db, cart.id, cart.shopper)]));
    return snapshot ? this.present(snapshot) : this.view(cart);
  }

  private async view(cart: CartReference): Promise<CartView> {
    return this.present(await readCart(this.db, cart.id, cart.shopper));
  }

  private async present(snapshot: CartSnapshot): Promise<CartView> {
    const assessment = assessCart(snapshot, await this.shop.get(snapshot.shopVersion));
    return { body: CartResponse.from(snapshot, assessment, this.config.publicUrl), version: snapshot.version };
  }
}
