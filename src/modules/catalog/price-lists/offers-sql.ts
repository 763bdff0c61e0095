/** SQL condition: the prices of list `pl` hold at this moment. */
export const IN_FORCE_SQL = `pl.active AND (pl.starts_at IS NULL OR pl.starts_at <= now()) AND (pl.ends_at IS NULL OR pl.ends_at > now())`;

/** SQL condition: list `pl` is for everybody everywhere, so that lists of products show its prices. */
export const FOR_EVERYBODY_SQL = `pl.market_id IS NULL AND pl.customer_group_id IS NULL`;

/** For whom prices are looked up, as SQL expressions. */
export interface OfferScope {
  variant: string;
  currency: string;
  market: string;
  customer: string;
}

/**
 * SQL from FROM on (the function cart_offers says the same): the entries `e` of the lists `pl` that hold for a variant, a shopper and this moment. The variant is looked
 * up first, so that a shop without price lists pays for one look into an empty index.
 */
export const offersSql = ({ variant, currency, market, customer }: OfferScope) => `
  FROM price_list_entries e JOIN price_lists pl ON pl.id = e.price_list_id AND pl.currency = ${currency}
    AND ${IN_FORCE_SQL} AND (pl.market_id IS NULL OR pl.market_id = ${market})
    AND (pl.customer_group_id IS NULL OR EXISTS (
      SELECT FROM customer_group_members m WHERE m.customer_id = ${customer} AND m.group_id = pl.customer_group_id))
  WHERE e.variant_id = ${variant}`;

/** SQL: the lowest price of so many pieces, the variant's own being `own`. */
export const unitPriceSql = (own: string, quantity: string, scope: OfferScope) =>
  `least(${own}, (SELECT min(e.amount) ${offersSql(scope)} AND e.min_quantity <= ${quantity}))`;
