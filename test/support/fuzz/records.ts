import { encodeId, ID_PREFIXES, type IdPrefix } from '#libs/ids';
import type { Db } from '#libs/database';

/** Tables that are not called as what they hold. */
const TABLES: Partial<Record<IdPrefix, string>> = {
  image: 'product_images',
  line: 'cart_lines',
  address: 'customer_addresses',
  webhook: 'webhook_receipts',
  file: 'variant_files',
  taxClass: 'tax_classes',
  attribute: 'attribute_definitions',
};
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
      const table = kind && this.tableOf(kind);
      if (!kind || !table) continue;
      const parent: unknown = child?.[`${snake(kind)}_id`] ?? child?.[`${snake(kind).split('_').at(-1)}_id`];
      child = typeof parent === 'string' ? await this.row(table, parent) : await this.any(table, choice, owner, except);
      if (child) ids[name] = encodeId(kind, child.id);
    }
    return ids;
  }

  /** The id of something of a kind, as clients write it. */
  async idOf(prefix: string, choice: number): Promise<string | undefined> {
    const kind = KINDS[prefix];
    const table = kind && this.tableOf(kind);
    const row = table ? await this.any(table, choice, null, []) : null;
    return row ? encodeId(kind!, row.id) : undefined;
  }

  /** `taxRate` is in `tax_rates`, `category` in `categories`; undefined where there is no such table. */
  private tableOf(kind: IdPrefix): string | undefined {
    const table = TABLES[kind] ?? `${snake(kind)}s`.replace(/([^aeiou])ys$/, '$1ies');
    return this.columns.get(table)?.has('id') ? table : undefined;
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

const snake = (kind: string) => kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
