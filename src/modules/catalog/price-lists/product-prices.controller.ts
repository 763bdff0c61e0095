import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { InvalidId } from '#libs/errors';
import { ListEnvelope, type Request, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { CurrentShopper, Shopper, type ShopperIdentity } from '../../auth/index.js';
import { PriceContexts, PriceWishHeaders } from '../../settings/index.js';
import { ProductNotFound } from '../catalog.errors.js';
import { Price } from '../dto/storefront.response.js';
import { idOrHandle } from '../id-or-handle.js';
import { ProductPricesQuery, type VariantPricesRow } from './product-prices.query.js';

/** A price from so many pieces on, and where it is from. */
class ShopperPriceView {
  @ApiProperty({ type: 'integer', example: 1 })
  minQuantity: number;
  @ApiProperty({ type: () => Price })
  price: Price;
  @ApiProperty({ type: () => Price, required: false, description: 'what it usually costs' })
  compareAt?: Price;
  @ApiProperty({ type: () => Price, required: false, description: 'the lowest public price of the 30 days before' })
  lowestPrice30Days?: Price;
  @ApiProperty({ type: String, nullable: true, description: 'name of the price list; null: the variant’s own price' })
  priceList: string | null;
}

/** A variant with its prices, the fewest pieces first; each is lower than the one before. */
class ShopperPricesView {
  @ApiProperty({ example: 'var_01j4000000e00800000000000a' })
  variantId: string;
  @ApiProperty({ type: () => [ShopperPriceView] })
  prices: ShopperPriceView[];

  static from({ variant_id, regular, lowest, prices }: VariantPricesRow, currency: string): ShopperPricesView {
    const view: ShopperPriceView[] = [];
    for (const [amount, minQuantity, , name] of prices) {
      const last = view.at(-1);
      if (last && amount >= last.price.amount) continue;
      // Of several prices of the same quantity the lowest came first, except for a variant's own, which stands for nothing then.
      if (last?.minQuantity === minQuantity) view.pop();
      const reduced = amount < regular;
      view.push({
        minQuantity,
        price: { amount, currency },
        ...(reduced ? { compareAt: { amount: regular, currency } } : {}),
        ...(reduced && lowest !== null ? { lowestPrice30Days: { amount: lowest, currency } } : {}),
        priceList: name,
      });
    }
    return { variantId: encodeId('variant', variant_id), prices: view };
  }
}

/** What a product costs whoever asks. */
@ApiTags('Catalog')
@Controller('v1/products')
export class ProductPricesController {
  constructor(
    private readonly prices: ProductPricesQuery,
    private readonly contexts: PriceContexts,
  ) {}

  @Get(':idOrHandle/prices')
  @Shopper()
  @ApiOperation({
    operationId: 'getProductPrices',
    summary: 'What a product costs me',
    description:
      'The product page shows what everybody pays, so that it can be kept by caches. This adds the prices of the market of ' +
      'X-Country and, for who is signed in, of their customer groups, as a cart would take them.',
  })
  @ApiParam({ name: 'idOrHandle', description: 'id or handle', example: WELL_KNOWN.productHandle })
  @PriceWishHeaders()
  @ListEnvelope(ShopperPricesView, { paged: false, description: 'For each variant' })
  @Throws(InvalidId, ProductNotFound)
  async get(
    @Param('idOrHandle') key: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @Req() request: Request,
  ): Promise<{ data: ShopperPricesView[] }> {
    const context = await this.contexts.ofShop(request);
    const rows = await this.prices.of(idOrHandle('product', key), context, shopper.customer?.id ?? null);
    return { data: rows.map((row) => ShopperPricesView.from(row, context.currency)) };
  }
}
