/** Advice on a cart. `blocking` ones keep it from being checked out, `warning` ones are worth showing. */
export interface CartIssue {
  code:
    | 'out_of_stock'
    | 'variant_unavailable'
    | 'price_changed'
    | 'market_mismatch'
    | 'tax_unavailable'
    | 'email_missing'
    | 'shipping_address_missing'
    | 'shipping_method_missing'
    | 'shipping_method_unavailable'
    | 'cart_empty'
    | 'promotion_not_applied'
    | 'gift_card_unusable'
    | 'gift_card_quantity';
  severity: 'blocking' | 'warning';
  pointer: string;
  detail: string;
  /** of `out_of_stock`: how many can be had */
  available?: number;
  /** of `price_changed`: what it was when the line was put in */
  previousAmount?: number;
  /** of `promotion_not_applied`: why */
  reason?: string;
}
