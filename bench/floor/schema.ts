import type { Queryable } from '#libs/database';

/**
 * The floor has tables of its own, with the keys and references that anybody would give them and not one more, filled
 * with the shop's catalog.
 */
export async function createFloor(db: Queryable): Promise<void> {
  for (const statement of [
    `CREATE SCHEMA floor`,
    `CREATE TABLE floor.categories AS SELECT id, handle, title FROM public.categories`,
    `ALTER TABLE floor.categories ADD PRIMARY KEY (id)`,
    `CREATE TABLE floor.products AS
       SELECT p.id, p.handle, p.title, p.description_html AS description, p.vendor, p.created_at,
         (SELECT i.url FROM public.product_images i WHERE i.product_id = p.id ORDER BY i.position LIMIT 1) AS thumbnail,
         (SELECT c.category_id FROM public.product_categories c WHERE c.product_id = p.id ORDER BY c.category_id LIMIT 1) AS category_id
       FROM public.products p`,
    `ALTER TABLE floor.products ADD PRIMARY KEY (id), ADD UNIQUE (handle),
       ADD FOREIGN KEY (category_id) REFERENCES floor.categories`,
    `CREATE INDEX ON floor.products (created_at DESC, id DESC)`,
    `CREATE TABLE floor.variants AS SELECT id, product_id, position, title, sku FROM public.variants`,
    `ALTER TABLE floor.variants ADD PRIMARY KEY (id), ADD FOREIGN KEY (product_id) REFERENCES floor.products`,
    `CREATE INDEX ON floor.variants (product_id)`,
    `CREATE TABLE floor.stock AS SELECT variant_id, on_hand FROM public.stock_levels`,
    `ALTER TABLE floor.stock ADD PRIMARY KEY (variant_id), ADD FOREIGN KEY (variant_id) REFERENCES floor.variants,
       ADD CHECK (on_hand >= 0), SET (fillfactor = 70)`,
    `CREATE TABLE floor.prices AS SELECT variant_id, currency, amount, compare_at FROM public.prices`,
    `ALTER TABLE floor.prices ADD PRIMARY KEY (variant_id, currency), ADD FOREIGN KEY (variant_id) REFERENCES floor.variants`,
    `CREATE TABLE floor.carts (id uuid PRIMARY KEY, token_hash bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
    `CREATE TABLE floor.cart_lines (id uuid PRIMARY KEY, cart_id uuid NOT NULL REFERENCES floor.carts,
       variant_id uuid NOT NULL REFERENCES floor.variants, quantity integer NOT NULL, UNIQUE (cart_id, variant_id))`,
    `CREATE TABLE floor.orders (id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
       cart_id uuid NOT NULL UNIQUE REFERENCES floor.carts, email text NOT NULL, address jsonb NOT NULL, status text NOT NULL,
       total bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
    `CREATE TABLE floor.order_lines (id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES floor.orders,
       variant_id uuid NOT NULL REFERENCES floor.variants, title text NOT NULL, quantity integer NOT NULL, unit_price bigint NOT NULL)`,
    `CREATE INDEX ON floor.order_lines (order_id)`,
    `CREATE TABLE floor.payments (id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES floor.orders, status text NOT NULL, amount bigint NOT NULL)`,
    `CREATE INDEX ON floor.payments (order_id)`,
    `CREATE TABLE floor.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, payload jsonb NOT NULL,
       created_at timestamptz NOT NULL DEFAULT now())`,
  ])
    await db.query(statement);
}
