import type { PromotionAction } from '../pricing/index.js';
import type { CartAsks } from './cart-asks.js';

/** What promotions need to know of a cart and its shopper, as the database knows it; left out is what none asks for. */
export interface PromotionFacts {
  /** Those of the cart's codes that exist. */
  codes?: CodeFact[] | null;
  /** uuids of promotions that were used as often as they may */
  usedUp?: string[] | null;
  /** uuids of promotions that this customer has used as often as one may */
  usedByCustomer?: string[] | null;
  /** null when nothing is known of the shopper */
  hasOrdered?: boolean | null;
}

/** A code of the cart, with as much of its promotion as is needed to say why it does not apply. */
export interface CodeFact {
  /** uuid */
  id: string;
  code: string;
  /** uuid */
  promotionId: string;
  name: string;
  priority: number;
  action: PromotionAction;
  hindrance: 'code_disabled' | 'inactive' | 'ended' | 'used_up' | null;
}

/** What `PromotionFacts` are made of, over a cart c: as much of them as is asked for. */
export function promotionFacts({ promotions: asks, customer }: CartAsks): string {
  const parts = [
    ...(asks.includes('codes') ? [`'codes', CASE WHEN c.promotion_codes <> '{}' THEN ${CODES} END`] : []),
    ...(asks.includes('limits') ? [`'usedUp', ${USED_UP}`] : []),
    ...(asks.includes('customers') ? [`'usedByCustomer', ${USED_BY_CUSTOMER}`] : []),
    ...(asks.includes('orders') ? [`'hasOrdered', ${hasOrdered(customer)}`] : []),
  ];
  return parts.length === 0 ? 'NULL' : `json_build_object(${parts.join(', ')})`;
}

const CODES = `(
  SELECT json_agg(json_build_object('id', k.id, 'code', k.code, 'promotionId', m.id, 'name', m.name, 'priority', m.priority,
    'action', m.action, 'hindrance', CASE
      WHEN k.disabled_at IS NOT NULL THEN 'code_disabled'
      WHEN m.status <> 'active' THEN 'inactive'
      WHEN m.ends_at <= now() THEN 'ended'
      WHEN k.uses >= k.max_uses THEN 'used_up' END))
  FROM promotion_codes k JOIN promotions m ON m.id = k.promotion_id WHERE k.code = ANY (c.promotion_codes))`;

const USED_UP = `(
  SELECT json_agg(l.promotion_id) FROM promotion_limits l JOIN promotions m ON m.id = l.promotion_id AND m.status = 'active'
  WHERE l.uses >= l.max_uses)`;

const USED_BY_CUSTOMER = `(
  SELECT json_agg(DISTINCT u.promotion_id) FROM promotion_customers u
  JOIN promotion_limits l ON l.promotion_id = u.promotion_id
  WHERE u.key = ANY (promotion_customer_keys(c.email, c.customer_id)) AND u.uses >= l.max_uses_per_customer)`;

const hasOrdered = (withAccount: boolean) =>
  `CASE WHEN c.email IS NOT NULL${withAccount ? ' OR c.customer_id IS NOT NULL' : ''} THEN
  EXISTS (SELECT FROM orders o WHERE lower(o.email) = lower(c.email) AND o.status <> 'canceled')${
    withAccount
      ? ` OR EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id AND o.status <> 'canceled')`
      : ''
  } END`;
