import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db, encodeCursor, keysetPage, type KeysetColumn, type KeysetPage } from '#libs/database';
import type { Page } from '#libs/http';
import {
  baseConditions,
  dimensions,
  keysetColumns,
  listKey,
  Parameters,
  plainSearch,
  type Search,
  type SearchMode,
} from './listing-sql.js';
import { withFullMediaUrls } from './media-url.js';
import type { ProductListRequest } from './product-filter.js';
import { SpellingQuery } from './spelling.query.js';

/** LIMITs that occur in statement texts: a few, so that few statements are prepared, and literal, so that plans know them. */
const LIMITS = [11, 21, 26, 51, 101];
/** Statement texts of this list that may be prepared; rare combinations of filters are planned each time. */
const MAX_PREPARED = 120;

interface PageRow {
  cards: string | null;
  n: number;
  edges: (string | number)[][] | null;
}

/** The product list of storefronts: one statement for a page, served from the stored texts of the cards. */
@Injectable()
export class ProductListQuery {
  private readonly prepared = new Set<string>();

  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** The body of the answer. A search that finds nothing is repeated with its typos corrected, then by likeness of titles. */
  async list(currency: string | null, request: ProductListRequest): Promise<string> {
    const mode = modeOf(request.cursor);
    let search = mode === 'plain' ? plainSearch(request.q) : await this.spelling.search(request.q ?? '', mode);
    let page = await this.page(currency, request, search);
    if (page.row.n === 0 && search?.mode === 'plain' && !request.cursor && (await this.isUnfound(currency, request))) {
      for (const next of ['corrected', 'alike'] as const) {
        const other = await this.spelling.search(request.q!, next);
        if (!other) continue;
        search = other;
        page = await this.page(currency, request, search);
        if (page.row.n > 0) break;
      }
    }
    const total = request.includeTotal ? await this.count(currency, request, search) : undefined;
    const body = `{"data":[${page.row.cards ?? ''}],"page":${JSON.stringify(pageInfo(page, request, total))}}`;
    return withFullMediaUrls(body, this.config.publicUrl);
  }

  /** An empty first page means that nothing is found; behind it, the first page must be looked at. */
  private async isUnfound(currency: string | null, request: ProductListRequest): Promise<boolean> {
    return request.page === 1 || (await this.count(currency, request, plainSearch(request.q))) === 0;
  }

  private async page(currency: string | null, request: ProductListRequest, search: Search | undefined) {
    const { limit } = request;
    const parameters = new Parameters();
    const base = baseConditions(parameters, currency, request, search);
    const filters = dimensions(parameters, request).map((dimension) => dimension.sql);
    const columns = keysetColumns(request.sort, base.rankSql);
    const key = listKey(request.sort, search?.mode);
    const keyset = keysetPage(key, columns, request.cursor, parameters.values.length + 1);
    parameters.values.push(...keyset.values);
    const where = [...base.sql, ...filters, keyset.where].join(' AND ');
    const text = pageSql(columns, keyset, where, limit, parameters, (request.page - 1) * limit);
    const isCommon =
      request.sort.length === 1 && filters.length + Number(search !== undefined) + Number(request.inStock) <= 1;
    const [row] = await this.run<PageRow>(text, parameters.values, isCommon);
    return { row: row!, key, columns, keyset };
  }

  private async count(currency: string | null, request: ProductListRequest, search?: Search): Promise<number> {
    const parameters = new Parameters();
    const base = baseConditions(parameters, currency, request, search);
    const where = [...base.sql, ...dimensions(parameters, request).map((dimension) => dimension.sql)].join(' AND ');
    const text = `SELECT count(*) AS n FROM product_listings l WHERE ${where}`;
    const [row] = await this.run<{ n: number }>(text, parameters.values, false);
    return row!.n;
  }

  private run<R>(text: string, values: unknown[], isCommon: boolean): Promise<R[]> {
    if (isCommon && (this.prepared.has(text) || this.prepared.size < MAX_PREPARED)) {
      this.prepared.add(text);
      return this.db.query<R>(text, values);
    }
    return this.db.dataSource.query<R[]>(text, values);
  }
}

/**
 * One row for a page: the cards in their order as one text, how many rows there are (one more than asked for means that
 * there is a next page), and the sort values of its first and last row.
 */
function pageSql(
  columns: KeysetColumn[],
  keyset: KeysetPage,
  where: string,
  limit: number,
  parameters: Parameters,
  offset: number,
): string {
  const most = LIMITS.find((n) => n > limit)!;
  const wanted = `${parameters.add(limit)}::integer`;
  const keys = columns.map((column, i) => `${column.sql} AS k${i}`).join(', ');
  const order = columns
    .map((column, i) => `k${i} ${Boolean(column.descending) !== keyset.backward ? 'DESC' : 'ASC'}`)
    .join(', ');
  // A page by number skips rows in the index and reads only those that it shows.
  const rows =
    offset === 0
      ? `SELECT l.card, l.available, ${keys} FROM product_listings l WHERE ${where} ORDER BY ${keyset.orderBy} LIMIT ${most}`
      : `SELECT c.card, c.available, s.* FROM (SELECT l.product_id, l.currency, ${keys} FROM product_listings l
           WHERE ${where} ORDER BY ${keyset.orderBy} LIMIT ${most} OFFSET ${parameters.add(offset)}::integer) s
         JOIN product_listings c ON c.product_id = s.product_id AND c.currency = s.currency`;
  return `
    SELECT string_agg(left(r.card, -1) || CASE WHEN r.available THEN ',"available":true}' ELSE ',"available":false}' END,
                      ',' ORDER BY r.n ${keyset.backward ? 'DESC' : 'ASC'}) FILTER (WHERE r.n <= ${wanted}) AS cards,
           count(*) AS n,
           json_agg(json_build_array(${columns.map((_, i) => `r.k${i}`).join(', ')}) ORDER BY r.n)
             FILTER (WHERE r.n = 1 OR r.n = ${wanted}) AS edges
    FROM (SELECT o.*, row_number() OVER (ORDER BY ${order}) AS n FROM (${rows}) o) r`;
}

/** How the search was matched on the page that the cursor belongs to. */
function modeOf(cursor: string | undefined): SearchMode {
  if (cursor === undefined) return 'plain';
  const start = Buffer.from(cursor, 'base64url').toString('latin1').slice(0, 200);
  return (/^\{"k":"[^"]*:(corrected|alike)"/.exec(start)?.[1] as SearchMode | undefined) ?? 'plain';
}

function pageInfo(
  { row, key, columns, keyset }: { row: PageRow; key: string; columns: KeysetColumn[]; keyset: KeysetPage },
  request: ProductListRequest,
  total: number | undefined,
): Page {
  const { limit } = request;
  const more = row.n > limit;
  const valuesAt = (edge: (string | number)[]) =>
    edge.map((value, i) => (columns[i]!.type === 'timestamptz' ? new Date(value).toISOString() : value));
  const cursor = (direction: 'a' | 'b', edge: (string | number)[]) => encodeCursor(key, direction, valuesAt(edge));
  const nearest = row.edges?.[0];
  const farthest = row.edges?.at(-1);
  const follows = request.cursor !== undefined || request.page > 1;
  const forth = more && farthest ? farthest : undefined;
  const [next, prev] = keyset.backward ? [nearest, forth] : [forth, follows ? nearest : undefined];
  return {
    limit,
    next: next ? cursor('a', next) : null,
    prev: prev ? cursor('b', prev) : null,
    ...(total === undefined ? {} : { total }),
  };
}
