import { SELLABLE_SQL } from '../../catalog/index.js';
import { PIECES_CHARGED } from '../../credits/index.js';
import { ORDER_TRANSITIONS, STOCK_OF_LINE } from '../../orders/index.js';

/** A statement that must find nothing: each row it returns is a violation, with a text that says which. */
export interface BookCheck {
  id: string;
  title: string;
  /** Returns rows with a column `detail`. `:grace` stands for the seconds that work under way is given. */
  sql: string;
  /** What it compares with, beside the database: it runs only when that is handed in. */
  needs?: 'provider' | 'acks';
}

const LEGAL_MOVES = Object.entries(ORDER_TRANSITIONS)
  .flatMap(([from, targets]) => targets.map((to) => `('${from}', '${to}')`))
  .join(', ');

/** What `product_facets` has of `product_listings`. */
const SHORT_ROW = `product_id, currency, available, price_min, vendor, product_type, category_ids, collection_ids, options, attributes`;

/**
 * The books of the shop: stock against its ledger, orders against their lines, money against what was captured, events
 * against what became of them. Ids are stable. With `needs`, the provider's own books (`provider_charges`,
 * `provider_events`) and what clients were answered (`client_acks`) are handed in by whoever runs them.
 */
export const BOOK_CHECKS: readonly BookCheck[] = [
  {
    id: 'S1',
    title: 'on-hand stock is the sum of its movements',
    sql: `SELECT format('variant %s location %s level %s ledger %s', variant_id, location_id, l.on_hand, m.s) AS detail
      FROM stock_levels l FULL JOIN (SELECT variant_id, location_id, sum(delta) AS s FROM stock_movements GROUP BY 1, 2) m USING (variant_id, location_id)
      WHERE coalesce(l.on_hand, 0) IS DISTINCT FROM coalesce(m.s, 0)`,
  },
  {
    id: 'S2',
    title: 'reserved stock is the sum of what is held',
    sql: `SELECT format('variant %s location %s level %s held %s', variant_id, location_id, l.reserved, r.s) AS detail
      FROM stock_levels l FULL JOIN
        (SELECT variant_id, location_id, sum(quantity) AS s FROM stock_reservations WHERE state = 'held' GROUP BY 1, 2) r USING (variant_id, location_id)
      WHERE coalesce(l.reserved, 0) IS DISTINCT FROM coalesce(r.s, 0)`,
  },
  {
    id: 'S3',
    title: 'nothing is oversold',
    sql: `SELECT format('variant %s on hand %s reserved %s backorder %s', variant_id, on_hand, reserved, backorder_limit) AS detail
      FROM stock_levels WHERE reserved < 0 OR on_hand < -backorder_limit OR reserved > on_hand + backorder_limit`,
  },
  {
    id: 'S4',
    title: 'what confirmed orders sold has left the shelf, once; unpaid orders have sold nothing',
    sql: `SELECT format('line or part %s quantity %s sold %s order %s', t.id, t.quantity, coalesce(-m.s, 0), o.status) AS detail
      FROM order_lines l JOIN orders o ON o.id = l.order_id CROSS JOIN LATERAL ${STOCK_OF_LINE} t
      LEFT JOIN (SELECT order_line_id, sum(delta) AS s FROM stock_movements
        WHERE kind = 'sale' OR (kind = 'return' AND dedupe_key LIKE 'cancel:%') GROUP BY 1) m ON m.order_line_id = t.id
      WHERE (o.status IN ('confirmed', 'completed') AND t.stock_tracked AND coalesce(-m.s, 0) <> t.quantity)
         OR (o.status = 'pending_payment' AND m.s IS NOT NULL)
         OR (NOT t.stock_tracked AND m.s IS NOT NULL)`,
  },
  {
    id: 'S5',
    title: 'reservations fit the status of their order',
    sql: `SELECT format('reservation %s is %s, order %s is %s', r.id, r.state, o.id, o.status) AS detail
      FROM stock_reservations r JOIN orders o ON o.id = r.order_id
      WHERE (o.status IN ('confirmed', 'completed') AND r.state <> 'committed') OR (o.status = 'canceled' AND r.state = 'held')`,
  },
  {
    id: 'S6',
    title: 'no hold outlives its order',
    sql: `SELECT format('reservation %s of order %s expired %s', r.id, o.id, o.expires_at) AS detail
      FROM stock_reservations r JOIN orders o ON o.id = r.order_id
      WHERE r.state = 'held' AND o.expires_at < now() - make_interval(secs => :grace)
        AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.id AND p.status = 'processing')`,
  },
  {
    id: 'S7',
    title: 'what is reserved, and moves, is what the line, or the part of its bundle, is',
    sql: `SELECT format('reservation %s of %s: %s of variant %s', r.id, r.order_line_id, r.quantity, r.variant_id) AS detail
      FROM stock_reservations r LEFT JOIN (
        SELECT l.order_id, t.* FROM order_lines l CROSS JOIN LATERAL ${STOCK_OF_LINE} t) t ON t.id = r.order_line_id
      WHERE (t.order_id, t.variant_id, t.quantity, t.stock_tracked) IS DISTINCT FROM (r.order_id, r.variant_id, r.quantity, true)
      UNION ALL
      SELECT format('movement %s of %s: variant %s', m.id, m.order_line_id, m.variant_id)
      FROM stock_movements m LEFT JOIN stock_reservations r ON r.order_line_id = m.order_line_id AND r.location_id = m.location_id
      WHERE m.order_line_id IS NOT NULL AND r.variant_id IS DISTINCT FROM m.variant_id`,
  },
  {
    id: 'B1',
    title: 'stock knows how much of it bundles take',
    sql: `SELECT format('variant %s knows %s, bundles take %s', s.variant_id, s.bundle_quantity, coalesce(b.most, 0)) AS detail
      FROM stock_levels s LEFT JOIN (SELECT part_variant_id, max(quantity) AS most FROM bundle_parts GROUP BY 1) b
        ON b.part_variant_id = s.variant_id
      WHERE s.bundle_quantity <> coalesce(b.most, 0)`,
  },
  {
    id: 'B2',
    title: 'lists show products with bundles as available as their parts are',
    sql: `SELECT format('product %s in %s shown as available: %s', l.product_id, l.currency, l.available) AS detail
      FROM product_pages p JOIN product_listings l USING (product_id, currency)
      WHERE p.has_bundles AND l.available <> EXISTS (
        SELECT FROM unnest(p.variant_ids) AS u (id) JOIN variants v ON v.id = u.id WHERE ${SELLABLE_SQL})`,
  },
  {
    id: 'F1',
    title: 'the counts of facets are what the listings give; SELECT recount_facets() adds what they lack',
    sql: `SELECT format('%s %s %s (%s) lacks %s listed, %s available', currency, kind, text, label, listed, available) AS detail
      FROM facet_count_differences()`,
  },
  {
    id: 'F2',
    title: 'the counts of facets are folded: no more than an import of five minutes writes is waiting',
    sql: `SELECT format('more than %s rows wait to be folded', count(*) - 1) AS detail
      FROM (SELECT FROM facet_counts WHERE NOT folded LIMIT 500001) x HAVING count(*) > 500000`,
  },
  {
    id: 'F3',
    title: 'the numbers that filters by range find are those of the products',
    sql: `WITH wanted AS (SELECT p.id AS product_id, n.term FROM products p CROSS JOIN LATERAL number_terms(p.attributes) n WHERE p.attributes <> '{}')
      SELECT format('product %s lacks %s', product_id, term) AS detail FROM (TABLE wanted EXCEPT SELECT product_id, term FROM product_numbers) x
      UNION ALL
      SELECT format('product %s has no %s', product_id, term) FROM (SELECT product_id, term FROM product_numbers EXCEPT TABLE wanted) x`,
  },
  {
    id: 'F4',
    title: 'the short rows that facets are counted in are those of the listings',
    sql: `SELECT format('product %s in %s has no short row, or another one', product_id, currency) AS detail
      FROM (SELECT ${SHORT_ROW} FROM product_listings EXCEPT SELECT ${SHORT_ROW} FROM product_facets) x
      UNION ALL
      SELECT format('product %s in %s has a short row that no listing gives', product_id, currency)
      FROM (SELECT ${SHORT_ROW} FROM product_facets EXCEPT SELECT ${SHORT_ROW} FROM product_listings) x`,
  },
  {
    id: 'O1',
    title: 'one cart is one order',
    sql: `SELECT format('cart %s has %s orders', cart_id, count(*)) AS detail FROM orders GROUP BY cart_id HAVING count(*) > 1`,
  },
  {
    id: 'O2',
    title: 'totals add up, order and lines',
    sql: `SELECT format('order %s total %s subtotal %s lines %s', o.id, o.total, o.subtotal, l.subtotal) AS detail
      FROM orders o LEFT JOIN (
        SELECT order_id, sum(quantity::bigint * unit_price) AS subtotal, sum(discount_total) AS discount, sum(tax_total) AS tax, sum(total) AS total
        FROM order_lines GROUP BY 1) l ON l.order_id = o.id
      WHERE o.subtotal IS DISTINCT FROM l.subtotal OR o.discount_total IS DISTINCT FROM l.discount
         OR o.tax_total IS DISTINCT FROM l.tax + o.shipping_tax
         OR o.total <> o.subtotal - o.discount_total + o.shipping_total + CASE WHEN o.tax_included THEN 0 ELSE o.tax_total END
         OR o.total <> l.total + o.shipping_total + CASE WHEN o.tax_included THEN 0 ELSE o.shipping_tax END`,
  },
  {
    id: 'O3',
    title: 'the history of an order is a legal chain that ends in its status',
    sql: `WITH moves AS (
        SELECT order_id, from_status, to_status, lag(to_status) OVER w AS previous, row_number() OVER (PARTITION BY order_id ORDER BY id DESC) AS from_end
        FROM order_events WHERE to_status IS NOT NULL WINDOW w AS (PARTITION BY order_id ORDER BY id)),
      chains AS (
        SELECT order_id, max(to_status) FILTER (WHERE from_end = 1) AS ends_in,
          bool_or(from_status IS DISTINCT FROM previous OR (coalesce(from_status, 'null'), to_status) NOT IN (${LEGAL_MOVES})) AS is_broken
        FROM moves GROUP BY 1)
      SELECT format('order %s status %s', o.id, o.status) AS detail FROM orders o LEFT JOIN chains c ON c.order_id = o.id
      WHERE o.status IS DISTINCT FROM c.ends_in OR c.is_broken`,
  },
  {
    id: 'O4',
    title: 'order, cart and payments are of one currency, and the order answers to the token of its cart',
    sql: `SELECT format('order %s', o.id) AS detail FROM orders o JOIN carts c ON c.id = o.cart_id
      WHERE c.currency <> o.currency OR c.token_hash <> o.token_hash OR c.status <> 'completed'
         OR EXISTS (SELECT FROM payments p WHERE p.order_id = o.id AND p.currency <> o.currency)`,
  },
  {
    id: 'O5',
    title: 'no order waits for its payment for ever',
    sql: `SELECT format('order %s since %s', o.id, o.created_at) AS detail FROM orders o
      WHERE o.status = 'pending_payment' AND (o.expires_at IS NULL OR o.expires_at < now() - make_interval(secs => :grace) - interval '15 min')
        AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.id AND p.status = 'processing')`,
  },
  {
    id: 'M1',
    title:
      'paid means captured in full beside what credit paid, or as much as staff took of a hold or were content with; captured means paid',
    sql: `SELECT format('order %s %s/%s total %s credit %s captured %s', o.id, o.status, o.payment_status, o.total, o.credit_total, coalesce(p.captured, 0)) AS detail
      FROM orders o LEFT JOIN (
        SELECT order_id, sum(captured) AS captured, bool_or(review = 'accepted') AS accepted, bool_or(capture_method = 'manual') AS held
        FROM payments WHERE status = 'succeeded' GROUP BY 1) p ON p.order_id = o.id
      WHERE (o.payment_status IN ('paid', 'partially_refunded', 'refunded') AND o.status <> 'canceled'
          AND coalesce(p.captured, 0) <> o.total - o.credit_total AND NOT coalesce(p.accepted, false)
          AND NOT (coalesce(p.held, false) AND p.captured BETWEEN 1 AND o.total - o.credit_total)
          AND NOT (p.captured IS NULL AND EXISTS (
            SELECT FROM payment_captures c WHERE c.order_id = o.id AND c.status = 'succeeded' AND c.amount = 0)))
         OR (o.payment_status IN ('pending', 'failed') AND o.status <> 'payment_review' AND coalesce(p.captured, 0) <> 0)`,
  },
  {
    id: 'M2',
    title: 'a canceled order keeps no money, unless its cardholder has it back through the bank',
    sql: `SELECT format('order %s keeps %s', o.id, sum(p.captured - p.refunded - p.credited - lost.amount)) AS detail
      FROM orders o JOIN payments p ON p.order_id = o.id
      CROSS JOIN LATERAL (SELECT coalesce(sum(d.amount), 0) AS amount FROM disputes d WHERE d.payment_id = p.id AND d.status = 'lost') lost
      WHERE o.status = 'canceled' AND o.updated_at < now() - make_interval(secs => :grace)
      GROUP BY o.id HAVING sum(p.captured - p.refunded - p.credited - lost.amount) > 0`,
  },
  {
    id: 'M3',
    title: 'refunds stay within what was captured, and their sum is what the payment says',
    sql: `SELECT format('payment %s captured %s refunded %s rows %s', p.id, p.captured, p.refunded, coalesce(r.done, 0)) AS detail
      FROM payments p LEFT JOIN (
        SELECT payment_id, sum(amount) FILTER (WHERE status = 'succeeded') AS done, sum(amount) FILTER (WHERE status <> 'failed') AS wanted
        FROM refunds GROUP BY 1) r ON r.payment_id = p.id
      WHERE p.refunded > p.captured OR (p.captured > p.amount AND p.review IS DISTINCT FROM 'accepted' AND p.review IS DISTINCT FROM 'rejected') OR p.refunded <> coalesce(r.done, 0) OR coalesce(r.wanted, 0) > p.captured`,
  },
  {
    id: 'M10',
    title: 'no money goes back twice: to the payment and as store credit',
    sql: `SELECT format('payment %s captured %s refunded %s credited %s rows %s', p.id, p.captured, p.refunded, p.credited, coalesce(r.credited, 0)) AS detail
      FROM payments p LEFT JOIN (SELECT credited_payment_id AS id, sum(credited_amount) AS credited FROM refunds GROUP BY 1) r ON r.id = p.id
      WHERE p.credited <> coalesce(r.credited, 0) OR p.refunded + p.credited > p.captured`,
  },
  {
    id: 'M4',
    title: "our book is the provider's book",
    needs: 'provider',
    sql: `SELECT format('%s ours %s/%s theirs %s/%s', ref, p.captured, p.refunded, c.captured, c.refunded) AS detail
      FROM (SELECT provider_ref AS ref, captured, refunded, currency FROM payments WHERE provider = 'stripe' AND captured <> 0) p
      FULL JOIN (SELECT * FROM provider_charges WHERE captured <> 0) c USING (ref)
      WHERE p.captured IS DISTINCT FROM c.captured OR p.refunded IS DISTINCT FROM c.refunded OR p.currency IS DISTINCT FROM c.currency`,
  },
  {
    id: 'M5',
    title: 'nobody is charged twice',
    needs: 'provider',
    sql: `SELECT format('order %s has %s live charges', order_id, count(*)) AS detail
      FROM provider_charges WHERE captured - refunded > 0 GROUP BY order_id HAVING count(*) > 1`,
  },
  {
    id: 'M6',
    title: 'the ledger balances: each transaction has entries, and they sum to zero in each currency',
    sql: `SELECT format('%s %s sums to %s', t.fact, e.currency, e.amount) AS detail
      FROM ledger_transactions t LEFT JOIN (SELECT transaction_id, currency, sum(amount) AS amount FROM ledger_entries GROUP BY 1, 2) e
        ON e.transaction_id = t.id
      WHERE e.amount IS DISTINCT FROM 0`,
  },
  {
    id: 'M7',
    title: 'the ledger says of each payment what its row says',
    sql: `SELECT format('payment %s captured %s ledger %s, refunded %s ledger %s', p.id, p.captured, coalesce(l.captured, 0), p.refunded, coalesce(l.refunded, 0)) AS detail
      FROM payments p LEFT JOIN (
        SELECT t.payment_id, -sum(e.amount) FILTER (WHERE e.account = 'customer_payments') AS captured, sum(e.amount) FILTER (WHERE e.account = 'refunds') AS refunded
        FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY 1) l ON l.payment_id = p.id
      WHERE p.captured <> coalesce(l.captured, 0) OR p.refunded <> coalesce(l.refunded, 0)`,
  },
  {
    id: 'M8',
    title: 'no fact of money is missing in the ledger',
    sql: `WITH facts AS (
        SELECT 'capture:' || id AS fact FROM payments WHERE captured > 0
        UNION ALL SELECT 'refund:' || id FROM refunds WHERE status = 'succeeded' AND payment_id IS NOT NULL
        UNION ALL SELECT 'refund_sent:' || id FROM refunds WHERE status = 'pending' AND provider_ref IS NOT NULL
        UNION ALL SELECT 'refund_failed:' || r.id FROM refunds r
          WHERE r.status = 'failed' AND EXISTS (SELECT FROM ledger_transactions t WHERE t.fact IN ('refund:' || r.id, 'refund_sent:' || r.id))
        UNION ALL SELECT 'fee:' || ref FROM provider_transactions WHERE fee <> 0)
      SELECT fact AS detail FROM facts LEFT JOIN ledger_transactions USING (fact) WHERE id IS NULL`,
  },
  {
    id: 'M9',
    title: "the ledger's balance is the provider's, payment by payment, where the provider's lines are in",
    needs: 'provider',
    sql: `SELECT format('%s %s ours %s theirs %s', p.provider_ref, x.currency, coalesce(l.amount, 0), x.net) AS detail
      FROM (SELECT ref, currency, sum(amount - fee) AS net, bool_and(EXISTS (SELECT FROM provider_transactions k WHERE k.ref = line)) AS known
            FROM provider_lines GROUP BY 1, 2) x
      JOIN payments p ON p.provider_ref = x.ref
      LEFT JOIN (SELECT t.payment_id, e.currency, sum(e.amount) AS amount FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
            WHERE e.account = 'provider_balance:stripe' GROUP BY 1, 2) l ON l.payment_id = p.id AND l.currency = x.currency
      WHERE x.known AND coalesce(l.amount, 0) <> x.net`,
  },
  {
    id: 'M12',
    title: "each of the provider's lines about a payment of ours is in our book, as it stands there",
    needs: 'provider',
    sql: `SELECT format('line %s of %s theirs %s fee %s %s ours %s fee %s %s', l.line, l.ref, l.amount, l.fee, l.currency, t.amount, t.fee, t.currency) AS detail
      FROM provider_lines l JOIN payments p ON p.provider_ref = l.ref LEFT JOIN provider_transactions t ON t.ref = l.line
      WHERE (t.payment_id, t.amount, t.fee, t.currency) IS DISTINCT FROM (p.id, l.amount, l.fee, l.currency)`,
  },
  {
    id: 'M11',
    title: 'what the ledger says that an account holds is the sum of its entries',
    sql: `SELECT format('%s %s says %s entries %s', account, currency, coalesce(t.amount, 0), coalesce(e.amount, 0)) AS detail
      FROM (SELECT account, currency, sum(amount) AS amount FROM ledger_entries GROUP BY 1, 2) e
      FULL JOIN (SELECT account, currency, sum(amount) AS amount FROM (
          SELECT account, currency, amount FROM ledger_totals UNION ALL SELECT account, currency, amount FROM ledger_unfolded) x
        GROUP BY 1, 2) t USING (account, currency)
      WHERE coalesce(t.amount, 0) <> coalesce(e.amount, 0)`,
  },
  {
    id: 'K1',
    title: 'what is on a gift card or in an account is the sum of its transactions',
    sql: `SELECT format('%s %s balance %s transactions %s', h.kind, h.id, h.balance, coalesce(t.s, 0)) AS detail
      FROM (SELECT 'gift card' AS kind, id, balance FROM gift_cards UNION ALL SELECT 'account', id, balance FROM store_credit_accounts) h
      LEFT JOIN (SELECT coalesce(gift_card_id, account_id) AS id, sum(delta) AS s FROM credit_transactions GROUP BY 1) t ON t.id = h.id
      WHERE h.balance < 0 OR h.balance <> coalesce(t.s, 0)`,
  },
  {
    id: 'K2',
    title: 'the ledger owes what is on gift cards and in accounts',
    sql: `SELECT format('%s %s ledger %s held %s', account, currency, coalesce(l.owed, 0), coalesce(h.held, 0)) AS detail
      FROM (SELECT account, currency, -sum(amount) AS owed FROM ledger_entries WHERE account IN ('gift_cards', 'store_credit') GROUP BY 1, 2) l
      FULL JOIN (SELECT 'gift_cards' AS account, currency, sum(balance) AS held FROM gift_cards GROUP BY 2
                 UNION ALL SELECT 'store_credit', currency, sum(balance) FROM store_credit_accounts GROUP BY 2) h USING (account, currency)
      WHERE coalesce(l.owed, 0) <> coalesce(h.held, 0)`,
  },
  {
    id: 'K3',
    title: 'every change of credit is in the ledger, with its amount',
    sql: `SELECT format('transaction %s %s delta %s ledger %s', t.id, t.kind, t.delta, e.amount) AS detail
      FROM credit_transactions t LEFT JOIN ledger_transactions x ON x.fact = 'credit:' || t.id
      LEFT JOIN ledger_entries e ON e.transaction_id = x.id AND e.currency = t.currency
        AND e.account = CASE WHEN t.gift_card_id IS NULL THEN 'store_credit' ELSE 'gift_cards' END
      WHERE e.amount IS DISTINCT FROM -t.delta`,
  },
  {
    id: 'K4',
    title:
      'an order took from its credit what it says, gave back what it says, and keeps none once it has ended unpaid',
    sql: `SELECT format('order %s %s/%s credit %s parts %s', o.id, o.status, o.payment_status, o.credit_total, coalesce(c.amount, 0)) AS detail
      FROM orders o LEFT JOIN (SELECT order_id, sum(amount) AS amount, bool_or(state = 'spent' AND refunded < amount) AS keeps,
          bool_or(state = 'returned') AS returned FROM order_credits GROUP BY 1) c ON c.order_id = o.id
      WHERE o.credit_total <> coalesce(c.amount, 0) OR (o.status = 'canceled' AND c.keeps) OR (o.status IN ('confirmed', 'completed') AND c.returned)
      UNION ALL
      SELECT format('order %s part %s amount %s refunded %s %s, taken %s, refunds %s', c.order_id, c.id, c.amount, c.refunded, c.state, t.taken, t.refunds)
      FROM order_credits c CROSS JOIN LATERAL (
        SELECT coalesce(-sum(delta) FILTER (WHERE kind IN ('spend', 'return')), 0) AS taken,
          coalesce(sum(delta) FILTER (WHERE kind = 'refund'), 0) AS refunds
        FROM credit_transactions x WHERE x.order_id = c.order_id
          AND (x.gift_card_id = c.gift_card_id OR x.account_id = c.account_id)) t
      WHERE t.taken <> CASE c.state WHEN 'spent' THEN c.amount ELSE 0 END OR t.refunds < c.refunded OR (c.gift_card_id IS NOT NULL AND t.refunds > c.refunded)
      UNION ALL
      SELECT format('refund %s amount %s transactions %s', r.id, r.amount, t.given)
      FROM refunds r CROSS JOIN LATERAL (SELECT coalesce(sum(delta), 0) AS given FROM credit_transactions WHERE refund_id = r.id) t
      WHERE t.given <> CASE WHEN r.destination = 'payment' THEN 0 ELSE r.amount END`,
  },
  {
    id: 'K5',
    title:
      'each piece of a gift card that was paid has one card of what it cost; what has its money back has nothing on its cards',
    sql: `SELECT format('line %s order %s has %s cards of %s', l.id, o.id, c.n, l.quantity) AS detail
      FROM order_lines l JOIN orders o ON o.id = l.order_id
      CROSS JOIN LATERAL (SELECT count(*) AS n FROM gift_cards g WHERE g.order_line_id = l.id) c
      WHERE l.is_gift_card AND l.unit_price > 0 AND (c.n > ${PIECES_CHARGED} OR (c.n < ${PIECES_CHARGED}
        AND o.status IN ('confirmed', 'completed') AND o.payment_status IN ('paid', 'partially_refunded') AND NOT o.disputed AND o.hold IS NULL
        AND o.updated_at < now() - make_interval(secs => :grace)))
      UNION ALL
      SELECT format('card %s of line %s holds %s %s at first, sold for %s %s in sales of %s', g.id, l.id, g.initial_amount, g.currency, l.unit_price, o.currency, t.sold)
      FROM gift_cards g JOIN order_lines l ON l.id = g.order_line_id JOIN orders o ON o.id = l.order_id
      CROSS JOIN LATERAL (SELECT coalesce(sum(delta), 0) AS sold FROM credit_transactions x WHERE x.gift_card_id = g.id AND x.kind = 'sale') t
      WHERE NOT l.is_gift_card OR g.order_id <> o.id OR g.piece NOT BETWEEN 1 AND l.quantity OR g.initial_amount <> l.unit_price
        OR g.currency <> o.currency OR t.sold <> g.initial_amount
      UNION ALL
      SELECT format('card %s of order %s, which is %s/%s, holds %s', g.id, o.id, o.status, o.payment_status, g.balance)
      FROM gift_cards g JOIN orders o ON o.id = g.order_id
      WHERE g.balance > 0 AND (o.status = 'canceled' OR o.payment_status = 'refunded')`,
  },
  {
    id: 'C1',
    title: 'what a hold gave is the sum of its captures',
    sql: `SELECT format('payment %s captured %s captures %s', p.id, p.captured, coalesce(c.amount, 0)) AS detail
      FROM payments p LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payment_captures WHERE status = 'succeeded' GROUP BY 1) c ON c.payment_id = p.id
      WHERE (p.capture_method = 'manual' OR c.amount IS NOT NULL) AND p.review IS NULL AND p.captured <> coalesce(c.amount, 0)`,
  },
  {
    id: 'C2',
    title: 'an order counts as authorized while the bank holds its money, and no longer',
    sql: `SELECT format('order %s is %s/%s, payment %s is %s', o.id, o.status, o.payment_status, p.id, p.status) AS detail
      FROM payments p JOIN orders o ON o.id = p.order_id
      WHERE (o.payment_status = 'authorized') <> (p.status = 'authorized') AND p.status IN ('authorized', 'succeeded')
        AND o.status IN ('confirmed', 'completed')
        AND p.updated_at < now() - make_interval(secs => :grace)`,
  },
  {
    id: 'C4',
    title: 'the bank holds no money for an order that has ended, and none that was to be let go',
    sql: `SELECT format('order %s is %s, payment %s holds %s %s', o.id, o.status, p.id, p.authorized, p.currency) AS detail
      FROM payments p JOIN orders o ON o.id = p.order_id
      WHERE p.status = 'authorized'
        AND (o.status = 'canceled' OR p.id::text IN (SELECT payload->>'paymentId' FROM jobs WHERE name = 'payments.release-hold'))
        AND p.updated_at < now() - make_interval(secs => :grace)`,
  },
  {
    id: 'C3',
    title: 'no capture is left half done',
    sql: `SELECT format('capture %s of payment %s since %s', id, payment_id, updated_at) AS detail FROM payment_captures
      WHERE status = 'pending' AND updated_at < now() - make_interval(secs => :grace) - interval '15 min'`,
  },
  {
    id: 'E1',
    title: 'every event of the provider was received',
    needs: 'provider',
    sql: `SELECT format('%s %s', e.event_id, e.type) AS detail FROM provider_events e LEFT JOIN webhook_receipts w USING (event_id) WHERE w.event_id IS NULL`,
  },
  {
    id: 'E2',
    title: 'every received event was worked on',
    sql: `SELECT format('%s %s', event_id, type) AS detail FROM webhook_receipts
      WHERE processed_at IS NULL AND received_at < now() - make_interval(secs => :grace)`,
  },
  {
    id: 'E3',
    title: 'the outbox is drained',
    sql: `SELECT event_key AS detail FROM outbox WHERE published_at IS NULL AND created_at < now() - make_interval(secs => :grace)`,
  },
  {
    id: 'E4',
    title: 'order.placed once for each placed order, order.paid once for each paid one',
    sql: `SELECT format('order %s placed %s paid %s, events %s and %s', o.id, o.placed_at, o.payment_status, x.placed, x.paid) AS detail
      FROM orders o CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE topic = 'order.placed') AS placed, count(*) FILTER (WHERE topic = 'order.paid') AS paid
        FROM outbox WHERE aggregate_id = o.id) x
      WHERE o.created_at > now() - interval '6 days'
        AND ((o.placed_at IS NOT NULL) <> (x.placed = 1) OR x.placed > 1 OR x.paid > 1
          OR (o.payment_status IN ('paid', 'partially_refunded', 'refunded') AND o.placed_at IS NOT NULL AND x.paid <> 1)
          OR (o.payment_status IN ('pending', 'failed') AND x.paid > 0))`,
  },
  {
    id: 'E5',
    title: 'every published event reached its jobs, and they are done or dead',
    sql: `SELECT format('job %s of %s is %s: %s', j.name, j.dedupe_key, j.state, j.last_error) AS detail
      FROM jobs j JOIN outbox x ON x.event_id::text = j.payload->>'eventId'
      WHERE x.published_at < now() - make_interval(secs => :grace) AND j.state NOT IN ('done', 'dead') AND j.next_at < now() - make_interval(secs => :grace)
      UNION ALL
      SELECT format('placed order %s has no confirmation job', x.aggregate_id) FROM outbox x
      WHERE x.topic = 'order.placed' AND x.published_at < now() - make_interval(secs => :grace) AND x.published_at > now() - interval '2 days'
        AND NOT EXISTS (SELECT FROM jobs j WHERE j.dedupe_key = 'notifications.order-confirmation:' || x.event_key)`,
  },
  {
    id: 'R1',
    title: 'no order that a client was promised is missing',
    needs: 'acks',
    sql: `SELECT format('request %s order %s', a.request_id, a.order_number) AS detail
      FROM client_acks a LEFT JOIN orders o ON o.number = a.order_number WHERE a.http_status BETWEEN 200 AND 299 AND o.id IS NULL`,
  },
  {
    id: 'R2',
    title: 'the same key got the same answer',
    needs: 'acks',
    sql: `SELECT format('key %s gave %s orders', idempotency_key, count(DISTINCT order_number)) AS detail
      FROM client_acks WHERE http_status BETWEEN 200 AND 299 GROUP BY idempotency_key HAVING count(DISTINCT order_number) > 1`,
  },
  {
    id: 'R3',
    title: 'no idempotency key is stuck',
    sql: `SELECT format('%s since %s', key, coalesce(locked_at, created_at)) AS detail FROM idempotency_keys
      WHERE response_status IS NULL AND coalesce(locked_at, created_at) < now() - make_interval(secs => :grace) - interval '2 min'`,
  },
  {
    id: 'R4',
    title: 'no client saw a server error',
    needs: 'acks',
    sql: `SELECT format('request %s got %s', request_id, http_status) AS detail FROM client_acks WHERE http_status >= 500 AND http_status <> 503`,
  },
  {
    id: 'P1',
    title: 'what is counted of promotions, codes and customers with a limit is what orders use',
    sql: `SELECT format('promotion %s counted %s used %s', l.promotion_id, l.uses, u.n) AS detail
      FROM promotion_limits l CROSS JOIN LATERAL (SELECT count(*) AS n FROM promotion_uses u
        WHERE u.promotion_id = l.promotion_id AND u.released_at IS NULL AND NOT u.is_late) u
      WHERE l.max_uses IS NOT NULL AND l.uses <> u.n
      UNION ALL
      SELECT format('code %s counted %s used %s', c.id, c.uses, u.n)
      FROM promotion_codes c CROSS JOIN LATERAL (SELECT count(*) AS n FROM promotion_uses u
        WHERE u.code_id = c.id AND u.released_at IS NULL AND NOT u.is_code_late) u
      WHERE c.max_uses IS NOT NULL AND c.uses <> u.n
      UNION ALL
      SELECT format('promotion %s customer %s counted %s used %s', promotion_id, encode(key, 'hex'), coalesce(p.uses, 0), coalesce(u.n, 0))
      FROM (SELECT p.* FROM promotion_customers p JOIN promotion_limits l USING (promotion_id) WHERE l.max_uses_per_customer IS NOT NULL) p
      FULL JOIN (SELECT u.promotion_id, k.key, count(*) AS n FROM promotion_uses u JOIN promotion_limits l USING (promotion_id)
          CROSS JOIN unnest(u.customer_keys) AS k (key)
          WHERE l.max_uses_per_customer IS NOT NULL AND u.released_at IS NULL GROUP BY 1, 2) u USING (promotion_id, key)
      WHERE coalesce(p.uses, 0) <> coalesce(u.n, 0)`,
  },
  {
    id: 'P2',
    title: 'orders keep what was taken off them, promotion by promotion; those that ended unpaid use nothing',
    sql: `SELECT format('order %s line %s discount %s parts %s', l.order_id, l.id, l.discount_total, d.sum) AS detail
      FROM order_lines l CROSS JOIN LATERAL (SELECT coalesce(sum((x ->> 'amount')::bigint), 0) AS sum FROM jsonb_array_elements(l.discounts) x) d
      WHERE l.discount_total <> d.sum AND l.discounts <> '[]'
      UNION ALL
      SELECT format('order %s is canceled and uses %s', o.id, u.promotion_id) FROM promotion_uses u JOIN orders o ON o.id = u.order_id
      WHERE o.status = 'canceled' AND o.payment_status IN ('pending', 'canceled', 'failed') AND u.released_at IS NULL`,
  },
  {
    id: 'A1',
    title: 'a family of refresh tokens is revoked as a whole',
    sql: `SELECT format('family %s', family_id) AS detail FROM refresh_tokens GROUP BY family_id
      HAVING bool_or(revoked_at IS NOT NULL) AND bool_or(revoked_at IS NULL AND used_at IS NULL AND expires_at > now())`,
  },
  {
    id: 'D1',
    title: 'no invalid index, no constraint that was not validated',
    sql: `SELECT indexrelid::regclass::text AS detail FROM pg_index WHERE NOT indisvalid
      UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated`,
  },
  {
    id: 'D2',
    title: 'no transaction is left open',
    sql: `SELECT format('pid %s %s', pid, left(query, 60)) AS detail FROM pg_stat_activity
      WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND xact_start < now() - make_interval(secs => :grace) - interval '5 s'`,
  },
];
