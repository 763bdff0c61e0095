import type { PromotionAction, PromotionClass } from './promotion.types.js';

const CLASSES: Readonly<Record<PromotionAction['type'], PromotionClass>> = {
  percent_off_lines: 'product',
  amount_off_each: 'product',
  fixed_price: 'product',
  buy_x_get_y: 'product',
  percent_off_order: 'order',
  amount_off_order: 'order',
  tiered: 'order',
  free_shipping: 'shipping',
  reduced_shipping: 'shipping',
};

/** What a promotion discounts. */
export const classOf = ({ type }: Pick<PromotionAction, 'type'>): PromotionClass => CLASSES[type];
