import type { PricingLine, PricingTax } from './pricing.types.js';

/** The class of everything that has no tax class of its own. */
export const STANDARD_TAX_CLASS = 'standard';

/** The rate of a line: what an outside service said of it, else that of its class, else the standard one. */
export function ppmOf(line: PricingLine, tax: PricingTax | null): number {
  if (!tax || !line.taxable || line.isGiftCard) return 0;
  const own = tax.byVariant?.[line.variantId];
  return own ?? tax.rates[line.taxClassId ?? STANDARD_TAX_CLASS] ?? tax.rates[STANDARD_TAX_CLASS] ?? 0;
}
