import { Injectable } from '@nestjs/common';
import type { PricingTax } from '../../pricing/index.js';
import type { ShopSnapshot } from '../../settings/index.js';
import { taxOfPlace } from './tax-of-place.js';
import { type TaxQuestion, TaxService } from './tax-service.js';

/** The tax rates that staff keep. */
@Injectable()
export class OwnTaxTable extends TaxService {
  readonly isOutside = false;

  quote({ place }: TaxQuestion, shop: ShopSnapshot): Promise<PricingTax> {
    return Promise.resolve(taxOfPlace(shop, place));
  }
}
