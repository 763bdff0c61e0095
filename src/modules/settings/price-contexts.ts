import { Injectable } from '@nestjs/common';
import type { Request } from '#libs/http';
import { priceWishOf } from './price-wish.js';
import { ShopContext } from './shop-context.js';
import { type PriceContext, priceContextOf } from './shop-snapshot.js';

/** Says in which market a request is made. */
@Injectable()
export class PriceContexts {
  constructor(private readonly shop: ShopContext) {}

  /**
   * The market and currency that X-Country and X-Currency ask for; null when neither was sent: then the settings of the shop
   * hold, and nothing has to be looked up.
   * @throws invalid_header
   */
  async of(request: Request): Promise<PriceContext | null> {
    const wish = priceWishOf(request);
    return wish.country === null && wish.currency === null ? null : priceContextOf(await this.shop.get(), wish);
  }

  /** The same, where the settings of the shop shall be looked up if need be. @throws invalid_header */
  async ofShop(request: Request): Promise<PriceContext> {
    return priceContextOf(await this.shop.get(), priceWishOf(request));
  }

  /** The currency alone; null for that of the shop. @throws invalid_header */
  async currencyOf(request: Request): Promise<string | null> {
    return (await this.of(request))?.currency ?? null;
  }
}
