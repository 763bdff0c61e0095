import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { ShopContext } from '../settings/index.js';
import { CartWriter, type CartReference } from './cart-writer.service.js';
import { assessCart } from './cart.assessment.js';
import { PromotionCodeNotFound } from './cart.errors.js';
import { type CartSnapshot, readCart } from './cart.snapshot.js';
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
    private readonly shop: ShopContext,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async create(request: CreateCartRequest, currency: string | undefined): Promise<CartView<CreatedCartResponse>> {
    const made = await this.writer.create(request, currency ?? (await this.shop.get()).currency);
    const view = await (made.empty ? this.present(made.empty) : this.view(made.id, made.token));
    return { version: view.version, body: { ...view.body, token: made.token } };
  }

  async get(cart: CartReference): Promise<CartView> {
    return this.view(cart.id, cart.token);
  }

  async update(cart: CartReference, request: UpdateCartRequest): Promise<CartView> {
    await this.writer.update(cart, request);
    return this.view(cart.id, cart.token);
  }

  async addLine(cart: CartReference, line: CartLineRequest): Promise<CartView> {
    await this.writer.addLine(cart, line);
    return this.view(cart.id, cart.token);
  }

  async setQuantity(cart: CartReference, lineId: string, quantity: number): Promise<CartView> {
    await this.writer.setQuantity(cart, lineId, quantity);
    return this.view(cart.id, cart.token);
  }

  async removeLine(cart: CartReference, lineId: string): Promise<CartView> {
    await this.writer.removeLine(cart, lineId);
    return this.view(cart.id, cart.token);
  }

  async delete(cart: CartReference): Promise<void> {
    await this.writer.delete(cart);
  }

  async shippingMethods(cart: CartReference): Promise<ShippingMethodsResponse> {
    const snapshot = await readCart(this.db, cart.id, cart.token);
    const { shippingMethods } = assessCart(snapshot, await this.shop.get(snapshot.shopVersion));
    return {
      data: shippingMethods.map((method) => ({
        id: encodeId('shippingMethod', method.id),
        name: method.name,
        price: { amount: method.amount, currency: method.currency },
      })),
    };
  }

  /** There are no promotions yet, so no code exists. */
  async applyPromotion(cart: CartReference, code: string): Promise<CartView> {
    await readCart(this.db, cart.id, cart.token);
    throw PromotionCodeNotFound({
      errors: [{ pointer: '/code', code: 'not_found', detail: `there is no promotion code "${code}"` }],
    });
  }

  async removePromotion(cart: CartReference, _code: string): Promise<CartView> {
    await readCart(this.db, cart.id, cart.token);
    throw NotFound({ detail: 'This code is not applied to the cart.' });
  }

  private async view(id: string, token: string | undefined): Promise<CartView> {
    return this.present(await readCart(this.db, id, token));
  }

  private async present(snapshot: CartSnapshot): Promise<CartView> {
    const assessment = assessCart(snapshot, await this.shop.get(snapshot.shopVersion));
    return { body: CartResponse.from(snapshot, assessment, this.config.publicUrl), version: snapshot.version };
  }
}
