import type { PricingTax } from '../../pricing/index.js';
import type { ShopSnapshot } from '../../settings/index.js';
import type { Address } from '../dto/address.dto.js';

/** What a tax service is told of a cart: what is bought, and where it goes. No name, no street, no e-mail address. */
export interface TaxQuestion {
  currency: string;
  taxIncluded: boolean;
  place: Pick<Address, 'country' | 'state' | 'postalCode' | 'city'>;
  lines: readonly { variantId: string; sku: string | null; taxClassId: string | null; quantity: number }[];
}

/**
 * Knows the tax rates of goods at a place. It answers with rates, not amounts: discounts and rounding stay where all prices
 * are made.
 */
export abstract class TaxService {
  /** Whether somebody else is asked: then never in a transaction, and the answer is kept on the cart. */
  abstract readonly isOutside: boolean;
  /** @throws whatever goes wrong outside */
  abstract quote(question: TaxQuestion, shop: ShopSnapshot): Promise<PricingTax>;
}
