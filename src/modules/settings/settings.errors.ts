import { defineError } from '#libs/errors';

export const CurrencyInUse = defineError({
  code: 'currency_in_use',
  kind: 'conflict',
  title: 'The currency cannot be changed any more',
  help: 'There are products or shipping methods with prices in it; an amount would silently become another price.',
});
export const TaxRateExists = defineError({
  code: 'tax_rate_exists',
  kind: 'conflict',
  title: 'There is another tax rate for this place',
});
export const ZonesOverlap = defineError({
  code: 'zones_overlap',
  kind: 'conflict',
  title: 'A country is in another shipping zone already',
  help: 'A country belongs to one zone, so that its shipping methods are clear. `errors` names the countries.',
});
export const ShippingProfileExists = defineError({
  code: 'shipping_profile_exists',
  kind: 'conflict',
  title: 'There is another shipping profile of this name',
});
export const ShippingProfileInUse = defineError({
  code: 'shipping_profile_in_use',
  kind: 'conflict',
  title: 'Something is still shipped by this profile',
  help: 'Give its variants another `shippingProfileId` and take it out of the `profileRates` of shipping methods first.',
});
export const MarketsOverlap = defineError({
  code: 'markets_overlap',
  kind: 'conflict',
  title: 'A country is in another market already',
  help: 'A country belongs to one market, so that its prices are clear. `errors` names the countries.',
});
export const MarketInUse = defineError({
  code: 'market_in_use',
  kind: 'conflict',
  title: 'Price lists are made for this market',
  help: 'Delete those price lists, or make them for another market, first.',
});
export const TaxClassExists = defineError({
  code: 'tax_class_exists',
  kind: 'conflict',
  title: 'There is another tax class of this name',
});
export const TaxClassInUse = defineError({
  code: 'tax_class_in_use',
  kind: 'conflict',
  title: 'Something is still taxed by this class',
  help: 'Delete its tax rates, and give its variants another `taxClassId`, first.',
});
