import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Carts, orders, payments, refunds, fulfillments and the receipts of webhooks. */
export class Sales1790000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE carts (
        id                  uuid PRIMARY KEY,
        token_hash          bytea NOT NULL,
        currency            char(3) NOT NULL,
        status              text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'completed')),
        email               text,
        shipping_address    jsonb,
        billing_address     jsonb,
        shipping_method_id  uuid,
        promotion_codes     text[] NOT NULL DEFAULT '{}',
        version             integer NOT NULL DEFAULT 1,
        created_at          timestamptz(3) NOT NULL DEFAULT now(),
        updated_at          timestamptz(3) NOT NULL DEFAULT now()
      ) WITH (fillfactor = 70);
      CREATE INDEX carts_idle ON carts (updated_at) WHERE status = 'open';

      CREATE TABLE cart_lines (
        id           uuid NOT NULL,
        cart_id      uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
        variant_id   uuid NOT NULL REFERENCES variants ON DELETE CASCADE,
        quantity     integer NOT NULL CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 9999),
        seen_amount  bigint NOT NULL,
        created_at   timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (cart_id, id),
        CONSTRAINT cart_lines_variant UNIQUE (cart_id, variant_id)
      );
      COMMENT ON COLUMN cart_lines.seen_amount IS 'the unit price when the line was last put in or changed, to tell the shopper when it moves';
      CREATE INDEX cart_lines_by_variant ON cart_lines (variant_id);

      CREATE SEQUENCE order_numbers START 1001;

      CREATE TABLE orders (
        id                  uuid PRIMARY KEY,
        number              bigint NOT NULL DEFAULT nextval('order_numbers') CONSTRAINT orders_number UNIQUE,
        cart_id             uuid NOT NULL CONSTRAINT orders_one_per_cart UNIQUE REFERENCES carts ON DELETE RESTRICT,
        token_hash          bytea NOT NULL,
        email               text NOT NULL,
        currency            char(3) NOT NULL,
        status              text NOT NULL CHECK (status IN ('pending_payment', 'confirmed', 'completed', 'canceled', 'payment_review')),
        payment_status      text NOT NULL CHECK (payment_status IN ('pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed', 'canceled')),
        fulfillment_status  text NOT NULL DEFAULT 'unfulfilled' CHECK (fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'returned')),
        subtotal            bigint NOT NULL CHECK (subtotal >= 0),
        discount_total      bigint NOT NULL DEFAULT 0 CHECK (discount_total >= 0),
        shipping_total      bigint NOT NULL DEFAULT 0 CHECK (shipping_total >= 0),
        tax_total           bigint NOT NULL DEFAULT 0 CHECK (tax_total >= 0),
        total               bigint NOT NULL CHECK (total >= 0),
        tax_included        boolean NOT NULL,
        shipping_address    jsonb,
        billing_address     jsonb,
        shipping_method     jsonb,
        shipping_tax        bigint NOT NULL DEFAULT 0 CHECK (shipping_tax >= 0),
        expires_at          timestamptz(3),
        placed_at           timestamptz(3),
        canceled_at         timestamptz(3),
        cancel_reason       text,
        version             integer NOT NULL DEFAULT 1,
        created_at          timestamptz(3) NOT NULL DEFAULT now(),
        updated_at          timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT orders_totals_add_up CHECK (
          total = subtotal - discount_total + shipping_total + (CASE WHEN tax_included THEN 0 ELSE tax_total END)),
        CONSTRAINT orders_placed CHECK ((placed_at IS NOT NULL) OR status IN ('pending_payment', 'canceled', 'payment_review'))
      ) WITH (fillfactor = 80);
      COMMENT ON COLUMN orders.expires_at IS 'when an unpaid order gives its stock back; null when it no longer can';
      CREATE INDEX orders_created ON orders (created_at DESC, id DESC);
      CREATE INDEX orders_status ON orders (status, created_at DESC, id DESC);
      CREATE INDEX orders_payment_status ON orders (payment_status, created_at DESC, id DESC);
      CREATE INDEX orders_fulfillment_status ON orders (fulfillment_status, created_at DESC, id DESC);
      CREATE INDEX orders_email ON orders (lower(email), created_at DESC);
      CREATE INDEX orders_email_trgm ON orders USING gin (lower(email) gin_trgm_ops);
      CREATE INDEX orders_expiring ON orders (expires_at) WHERE status = 'pending_payment';

      CREATE TABLE order_lines (
        id                  uuid PRIMARY KEY,
        order_id            uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        position            integer NOT NULL,
        variant_id          uuid NOT NULL REFERENCES variants ON DELETE RESTRICT,
        product_id          uuid NOT NULL,
        title               text NOT NULL,
        variant_title       text NOT NULL DEFAULT '',
        sku                 text,
        thumbnail           text,
        quantity            integer NOT NULL CHECK (quantity BETWEEN 1 AND 9999),
        unit_price          bigint NOT NULL CHECK (unit_price >= 0),
        discount_total      bigint NOT NULL DEFAULT 0 CHECK (discount_total >= 0),
        tax_total           bigint NOT NULL DEFAULT 0 CHECK (tax_total >= 0),
        tax_ppm             integer NOT NULL DEFAULT 0,
        total               bigint NOT NULL CHECK (total >= 0),
        requires_shipping   boolean NOT NULL,
        stock_tracked       boolean NOT NULL,
        fulfilled_quantity  integer NOT NULL DEFAULT 0,
        restocked_quantity  integer NOT NULL DEFAULT 0,
        CONSTRAINT order_lines_variant UNIQUE (order_id, variant_id),
        CONSTRAINT order_lines_fulfilled CHECK (fulfilled_quantity BETWEEN 0 AND quantity),
        CONSTRAINT order_lines_restocked CHECK (restocked_quantity BETWEEN 0 AND quantity),
        CONSTRAINT order_lines_discount CHECK (discount_total <= quantity::bigint * unit_price)
      ) WITH (fillfactor = 90);
      COMMENT ON COLUMN order_lines.total IS 'what the buyer pays for the line: quantity x unit price - discount, plus tax where prices exclude it';
      CREATE INDEX order_lines_by_variant ON order_lines (variant_id);

      CREATE TABLE order_events (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id     uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        type         text NOT NULL,
        from_status  text,
        to_status    text,
        data         jsonb NOT NULL DEFAULT '{}',
        actor        text NOT NULL DEFAULT 'system',
        created_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      COMMENT ON TABLE order_events IS 'the timeline of an order; rows with to_status are its status history';
      CREATE INDEX order_events_order ON order_events (order_id, id);
      CREATE TRIGGER order_events_append_only BEFORE UPDATE OR DELETE ON order_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change();

      ALTER TABLE stock_reservations
        ADD FOREIGN KEY (order_id) REFERENCES orders,
        ADD FOREIGN KEY (order_line_id) REFERENCES order_lines;
      ALTER TABLE stock_movements ADD FOREIGN KEY (order_line_id) REFERENCES order_lines;

      CREATE TABLE payments (
        id             uuid PRIMARY KEY,
        order_id       uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        provider       text NOT NULL CHECK (provider IN ('stripe', 'manual')),
        provider_ref   text CONSTRAINT payments_provider_ref UNIQUE,
        status         text NOT NULL CHECK (status IN ('requires_payment_method', 'requires_action', 'processing', 'authorized', 'succeeded', 'canceled')),
        currency       char(3) NOT NULL,
        amount         bigint NOT NULL CHECK (amount > 0),
        captured       bigint NOT NULL DEFAULT 0,
        refunded       bigint NOT NULL DEFAULT 0,
        error_code     text,
        error_message  text,
        next_sync_at   timestamptz(3),
        version        integer NOT NULL DEFAULT 1,
        created_at     timestamptz(3) NOT NULL DEFAULT now(),
        updated_at     timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT payments_money_bounds CHECK (0 <= refunded AND refunded <= captured AND captured <= amount)
      );
      CREATE UNIQUE INDEX payments_one_live_per_order ON payments (order_id) WHERE status <> 'canceled';
      CREATE INDEX payments_order ON payments (order_id);
      CREATE INDEX payments_created ON payments (created_at DESC, id DESC);
      CREATE INDEX payments_open ON payments (updated_at) WHERE status IN ('requires_payment_method', 'requires_action', 'processing');

      CREATE TABLE payment_attempts (
        id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        payment_id    uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
        provider_ref  text NOT NULL,
        outcome       text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'pending')),
        code          text,
        decline_code  text,
        message       text,
        created_at    timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT payment_attempts_once UNIQUE (payment_id, provider_ref)
      );

      CREATE TABLE refunds (
        id            uuid PRIMARY KEY,
        payment_id    uuid NOT NULL REFERENCES payments ON DELETE RESTRICT,
        order_id      uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        provider_ref  text CONSTRAINT refunds_provider_ref UNIQUE,
        status        text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
        amount        bigint NOT NULL CHECK (amount > 0),
        currency      char(3) NOT NULL,
        reason        text NOT NULL DEFAULT '',
        lines         jsonb NOT NULL DEFAULT '[]',
        restock       boolean NOT NULL DEFAULT false,
        failure       text,
        request_key   text CONSTRAINT refunds_request UNIQUE,
        actor         text NOT NULL DEFAULT 'system',
        created_at    timestamptz(3) NOT NULL DEFAULT now(),
        updated_at    timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX refunds_payment ON refunds (payment_id);
      CREATE INDEX refunds_order ON refunds (order_id);
      CREATE INDEX refunds_pending ON refunds (updated_at) WHERE status = 'pending';

      CREATE TABLE webhook_receipts (
        id            uuid PRIMARY KEY,
        provider      text NOT NULL,
        event_id      text NOT NULL CONSTRAINT webhook_receipts_event UNIQUE,
        type          text NOT NULL,
        object_ref    text,
        api_version   text,
        received_at   timestamptz(3) NOT NULL DEFAULT now(),
        processed_at  timestamptz(3),
        outcome       text
      );
      CREATE INDEX webhook_receipts_recent ON webhook_receipts (received_at DESC, id DESC);
      CREATE INDEX webhook_receipts_waiting ON webhook_receipts (received_at) WHERE processed_at IS NULL;

      CREATE TABLE fulfillments (
        id               uuid PRIMARY KEY,
        order_id         uuid NOT NULL REFERENCES orders ON DELETE RESTRICT,
        carrier          text,
        tracking_number  text,
        created_at       timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX fulfillments_order ON fulfillments (order_id);
      CREATE TABLE fulfillment_lines (
        fulfillment_id  uuid NOT NULL REFERENCES fulfillments ON DELETE RESTRICT,
        order_line_id   uuid NOT NULL REFERENCES order_lines ON DELETE RESTRICT,
        quantity        integer NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (fulfillment_id, order_line_id)
      );
    `);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
