import type { PromotionAction } from '../pricing/index.js';

/** What promotions need to know of a cart and its shopper, as the database knows it. */
export interface PromotionFacts {
  /** Those of the cart's codes that exist. */
  codes: CodeFact[] | null;
  /** uuids of promotions that were used as often as they may */
  usedUp: string[] | null;
  /** uuids of promotions that this customer has used as often as one may */
  usedByCustomer: string[] | null;
  /** null when nobody asked or nothing is known of the shopper */
  hasOrdered: boolean | null;
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

/** What `PromotionFacts` are made of, over a cart c: nothing where neither its codes nor an active promotion ask for it. */
export const PROMOTION_FACTS = `
    CASE WHEN c.promotion_codes <> '{}' OR (SELECT promotion_facts FROM shop_settings) <> '{}' THEN json_build_object(
      'codes', CASE WHEN c.promotion_codes <> '{}' THEN (
        SELECT json_agg(json_build_object('id', k.id, 'code', k.code, 'promotionId', m.id, 'name', m.name, 'priority', m.priority,
          'action', m.action, 'hindrance', CASE
            WHEN k.disabled_at IS NOT NULL THEN 'code_disabled'
            WHEN m.status <> 'active' THEN 'inactive'
            WHEN m.ends_at <= now() THEN 'ended'
            WHEN k.uses >= k.max_uses THEN 'used_up' END))
        FROM promotion_codes k JOIN promotions m ON m.id = k.promotion_id WHERE k.code = ANY (c.promotion_codes)) END,
      'usedUp', CASE WHEN (SELECT promotion_facts FROM shop_settings) @> '{limits}' THEN (
        SELECT json_agg(l.promotion_id) FROM promotion_limits l JOIN promotions m ON m.id = l.promotion_id AND m.status = 'active'
        WHERE l.uses >= l.max_uses) END,
      'usedByCustomer', CASE WHEN (SELECT promotion_facts FROM shop_settings) @> '{customers}' THEN (
        SELECT json_agg(DISTINCT u.promotion_id) FROM promotion_customers u
        JOIN promotion_limits l ON l.promotion_id = u.promotion_id
        WHERE u.key = ANY (promotion_customer_keys(c.email, c.customer_id)) AND u.uses >= l.max_uses_per_customer) END,
      'hasOrdered', CASE WHEN (SELECT promotion_facts FROM shop_settings) @> '{orders}'
        AND (c.email IS NOT NULL OR c.customer_id IS NOT NULL) THEN
        EXISTS (SELECT FROM orders o WHERE lower(o.email) = lower(c.email) AND o.status <> 'canceled')
        OR EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id AND o.status <> 'canceled')
      END) END`;
