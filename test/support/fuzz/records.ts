import { encodeId, ID_PREFIXES, type IdPrefix } from '#libs/ids';
import type { Db } from '#libs/database';

/** Where things are of which paths and bodies carry ids. */
const TABLES: Partial<Record<IdPrefix, string>> = {
  product: 'products', variant: 'variants', image: 'product_images', category: 'categories', collection: 'collections',
  review: 'reviews', location: 'locations', cart: 'carts', line: 'cart_lines', order: 'orders', payment: 'payments', dispute: 'disputes',
  reconciliation: 'reconciliations', customer: 'customers', customerGroup: 'customer_groups', market: 'markets', taxClass: 'tax_classes',
  priceList: 'price_lists', address: 'customer_addresses', promotion: 'promotions', promotionCode: 'promotion_codes',
  shippingMethod: 'shipping_methods', shippingZone: 'shipping_zones', shippingProfile: 'shipping_profiles', taxRate: 'tax_rates',
  webhook: 'webhook_receipts', apiKey: 'api_keys', publishableKey: 'publishable_keys', user: 'users', identity: 'identities', role: 'roles',
  job: 'jobs', import: 'imports', giftCard: 'gift_cards', export: 'exports', file: 'variant_files',
}; // prettier-ignore
const KINDS = Object.fromEntries(Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix, kind as IdPrefix]));
/** What no longer takes part: shown where it is asked for, changed no more. */
const OVER = ['deleted_at', 'archived_at', 'revoked_at'];

type Row = Record<string, unknown> & { id: string };

/** Looks for things in the database, so that requests speak of what there is. */
export class Records {
  private constructor(
    private readonly db: Db,
    private readonly columns: ReadonlyMap<string, ReadonlySet<string>>,
  ) {}

  static async of(db: Db): Promise<Records> {
    const rows = await db.query<{ table_name: string; column_name: string }>(
      `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`,
    );
    const columns = new Map<string, Set<string>>();
    for (const { table_name: table, column_name: column } of rows)
      columns.set(table, (columns.get(table) ?? new Set()).add(column));
    return new Records(db, columns);
  }

  /**
   * Values for the ids of a path, of things that belong together: the last is any of its kind (`choice` says which of the
   * newest), the ones before are those that it belongs to.
   * @param except rows (uuid) that must stay as they are
   */
  async pathOf(
    parameters: readonly { name: string; prefix: string }[],
    choice: number,
    owner: { customerId: string } | null,
    except: readonly string[],
  ): Promise<Record<string, string>> {
    const ids: Record<string, string> = {};
    let child: Row | null = null;
    for (const { name, prefix } of parameters.toReversed()) {
      const kind = KINDS[prefix];
      const table = kind && TABLES[kind];
      if (!kind || !table) continue;
      const parent: unknown =
        child?.[`${kind.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}_id`] ??
        child?.[`${kind.toLowerCase().replace(/^.*(zone|group)$/, '$1')}_id`];
      child = typeof parent === 'string' ? await this.row(table, parent) : await this.any(table, choice, owner, except);
      if (child) ids[name] = encodeId(kind, child.id);
    }
    return ids;
  }

  /** The id of something of a kind, as clients write it. */
  async idOf(prefix: string, choice: number): Promise<string | undefined> {
    const kind = KINDS[prefix];
    const table = kind && TABLES[kind];
    const row = table ? await this.any(table, choice, null, []) : null;
    return row ? encodeId(kind!, row.id) : undefined;
  }

  private async row(table: string, id: string): Promise<Row | null> {
    const [row] = await this.db.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE id = $1`, [id]);
    return row?.row ?? null;
  }

  private async any(
    table: string,
    choice: number,
    owner: { customerId: string } | null,
    except: readonly string[],
  ): Promise<Row | null> {
    const has = this.columns.get(table)!;
    const conditions = OVER.filter((column) => has.has(column)).map((column) => `${column} IS NULL`);
    if (has.has('status')) conditions.push(`status::text <> 'archived'`);
    if (owner && has.has('customer_id')) conditions.push(`customer_id = '${owner.customerId}'`);
    const rows = await this.db.query<{ row: Row }>(
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${['id <> ALL($1::uuid[])', ...conditions].join(' AND ')} ORDER BY id DESC LIMIT 3`,
      [except],
    );
    return rows.length === 0 ? null : rows[Math.floor(choice * rows.length)]!.row;
  }
}
