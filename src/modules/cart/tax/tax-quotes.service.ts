import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { log } from '#libs/log';
import { APP_CONFIG, type Config } from '../../../config/index.js';
import type { ShopSnapshot } from '../../settings/index.js';
import { type CartSnapshot, destinationOf, quotedTaxOf } from '../cart.snapshot.js';
import { TaxService } from './tax-service.js';

/** Gets the tax of a cart from outside where the shop has it so, and keeps it on the cart for as long as that stays as it is. */
@Injectable()
export class TaxQuotes {
  constructor(
    private readonly db: Db,
    private readonly service: TaxService,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** Whether carts are taxed by somebody else. */
  get isOutside(): boolean {
    return this.service.isOutside;
  }

  /** Whether a cart is not sold without an answer from outside. */
  get isRequired(): boolean {
    return this.service.isOutside && this.config.taxService.fallback === 'refuse';
  }

  /**
   * The cart with the tax that holds for this version of it. Calls outside: never in a transaction. When there is no answer,
   * the cart goes without: then our own table holds, or the checkout refuses it, as configured.
   */
  async quoted(cart: CartSnapshot, shop: ShopSnapshot): Promise<CartSnapshot> {
    const place = destinationOf(cart);
    if (!this.service.isOutside || cart.status !== 'open' || !place || cart.lines.length === 0 || quotedTaxOf(cart))
      return cart;
    try {
      const tax = await this.service.quote(
        {
          currency: cart.currency,
          taxIncluded: cart.taxIncluded ?? shop.pricesIncludeTax,
          place: { country: place.country, state: place.state, postalCode: place.postalCode, city: place.city },
          lines: cart.lines.map(({ variantId, sku, taxClassId, quantity }) => ({
            variantId,
            sku,
            taxClassId,
            quantity,
          })),
        },
        shop,
      );
      const taxQuote = { version: cart.version, tax };
      await this.db.query(`UPDATE carts SET tax_quote = $2 WHERE id = $1 AND version = $3 AND status = 'open'`, [
        cart.id,
        JSON.stringify(taxQuote),
        cart.version,
      ]);
      return { ...cart, taxQuote };
    } catch (error) {
      log.warn('cart.tax_quote_failed', { reason: error instanceof Error ? error.message : String(error) });
      return cart;
    }
  }
}
