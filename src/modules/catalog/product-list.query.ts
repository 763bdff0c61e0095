import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Db, encodeCursor, keysetPage, type KeysetColumn, type KeysetPage } from '#libs/database';
import type { Page } from '#libs/http';
import { assertFilterable } from './attributes/attribute-filter.js';
import { totalSql } from './facet-counts/facet-counts-sql.js';
import {
  baseConditions,
  dimensions,
  keysetColumns,
  listKey,
  Parameters,
  positionSql,
  type Search,
  type SearchMode,
} from './listing-sql.js';
import { withFullMediaUrls } from './media-url.js';
import type { ProductListRequest } from './product-filter.js';
import { SpellingQuery } from './spelling.query.js';
import { type Language, languageServed } from './translations/content-languages.js';

/** LIMITs that occur in statement texts: a few, so that few statements are prepared, and literal, so that plans know them. */
const LIMITS = [11, 21, 26, 51, 101];
/** Statement texts of this list that may be prepared; rare combinations of filters are planned each time. */
const MAX_PREPARED = 120;

/** Of a page without filters that has no more rows before it, Postgres reads little more than what is shown. */
const MOST_SKIPPED = 1_000;

/** Separate rows, and fields in a row. JSON and our sort values never hold a bare control character. */
const ROW = '\x1d';
const FIELD = '\x1e';

/** The rows of a page as they come from Postgres: `card FIELD sort value FIELD sort value …`, and `FIELD language` where some are wished. */
interface RawPage {
  rows: string[];
  key: string;
  columns: KeysetColumn[];
  backward: boolean;
}

/** Which rows may be on a page, and in which order. */
interface Rows {
  columns: KeysetColumn[];
  keyset: KeysetPage;
  /** Of every row before the filters, and of the filters. */
  base: string;
  filters: string;
}

/** So many rows are looked at in the order of the list, in 5 ms or less, before all that fulfill the filters are read and sorted. */
const MOST_WALKED = 3_000;

/** The product list of storefronts: one statement for a page, served from the stored texts of the cards. */
@Injectable()
export class ProductListQuery {
  private readonly prepared = new Set<string>();

  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /**
   * The body of the answer and its language. A search that finds nothing is repeated with its typos corrected, then by
   * likeness of titles.
   */
  async list(
    currency: string | null,
    request: ProductListRequest,
    wanted: Language,
  ): Promise<{ body: string; language: string }> {
    const { locales } = wanted;
    await assertFilterable(this.db, request.attributes);
    const mode = modeOf(request.cursor);
    let search =
      mode === 'plain' && request.q === undefined ? undefined : await this.spelling.search(request.q ?? '', mode);
    let page = await this.page(currency, request, search, locales);
    if (
      page.rows.length === 0 &&
      search?.mode === 'plain' &&
      !request.cursor &&
      (await this.isUnfound(currency, request, search))
    ) {
      for (const next of ['corrected', 'alike'] as const) {
        const other = await this.spelling.search(request.q!, next);
        if (!other) continue;
        search = other;
        page = await this.page(currency, request, search, locales);
        if (page.rows.length > 0) break;
      }
    }
    const total = request.includeTotal ? await this.count(currency, request, search) : undefined;
    const body = `{"data":[${cardsOf(page, request.limit)}],"page":${JSON.stringify(pageInfo(page, request, total))}}`;
    const language = locales.length === 0 ? wanted.original : languageServed(wanted, localesOf(page, request.limit));
    return { body: withFullMediaUrls(body, this.config.publicUrl), language };
  }

  /** An empty first page means that nothing is found; behind it, the first page must be looked at. */
  private async isUnfound(currency: string | null, request: ProductListRequest, search: Search): Promise<boolean> {
    return request.page === 1 || (await this.count(currency, request, search)) === 0;
  }

  private async page(
    currency: string | null,
    request: ProductListRequest,
    search: Search | undefined,
    locales: readonly string[],
  ): Promise<RawPage> {
    const parameters = new Parameters();
    const base = baseConditions(parameters, currency, request, search);
    const filters = dimensions(parameters, request);
    const position = request.sort[0]!.key === 'position' ? positionSql(parameters, request) : '0';
    const columns = keysetColumns(request.sort, { relevance: base.rankSql, position });
    const key = listKey(request.sort, search?.mode);
    const first = parameters.values.length + 1;
    // What is computed for each row has no order in which an index could be read.
    const isInOrder = search === undefined && request.sort.length === 1 && request.sort[0]!.key !== 'position';
    const large = isInOrder ? filters.flatMap(({ isLargeSql }) => isLargeSql ?? []) : [];
    const rows = ({ sql }: typeof base, sorted: KeysetColumn[]): Rows => {
      const keyset = keysetPage(key, sorted, request.cursor, first);
      return {
        columns: sorted,
        keyset,
        base: [...sql, keyset.where].join(' AND '),
        filters: ['TRUE', ...filters.map((dimension) => dimension.sql)].join(' AND '),
      };
    };
    const all = rows(base, columns);
    parameters.values.push(...all.keyset.values);
    // What is found by its names ranks above the rest: where it fills the page, the rest is not looked at.
    const { named } = base;
    const isByRank = request.sort[0]!.key === 'relevance' && request.page === 1 && !all.keyset.backward;
    const best =
      named && isByRank ? rows(named, keysetColumns(request.sort, { relevance: named.rankSql, position })) : null;
    const text = pageSql(all, best, large, request, locales, parameters);
    // A range of numbers may be that of a few products or of most: it is planned for its bounds.
    const isCommon =
      request.sort.length === 1 &&
      filters.length + Number(search !== undefined) + Number(request.inStock) <= 1 &&
      !request.attributes.some(({ gte, lte }) => gte !== undefined || lte !== undefined);
    const isQuick =
      filters.length === 0 &&
      search === undefined &&
      !request.inStock &&
      (request.page - 1) * request.limit <= MOST_SKIPPED;
    const [row] = await this.run<{ page: string | null }>(text, parameters.values, isCommon, isQuick);
    return {
      rows: row!.page === null ? [] : row!.page.split(ROW),
      key,
      columns,
      backward: all.keyset.backward,
    };
  }

  private async count(currency: string | null, request: ProductListRequest, search?: Search): Promise<number> {
    const parameters = new Parameters();
    const base = baseConditions(parameters, currency, request, search);
    const filters = dimensions(parameters, request).map((dimension) => dimension.sql);
    const text =
      search === undefined && filters.length === 0
        ? totalSql(request.inStock)
        : `SELECT count(*) AS n FROM product_listings l WHERE ${[...base.sql, ...filters].join(' AND ')}`;
    const [row] = await this.run<{ n: number }>(text, parameters.values, false);
    return row!.n;
  }

  private run<R>(text: string, values: unknown[], isCommon: boolean, isQuick = false): Promise<R[]> {
    if (isCommon && (this.prepared.has(text) || this.prepared.size < MAX_PREPARED)) {
      this.prepared.add(text);
      return (isQuick ? this.db.quick : this.db).query<R>(text, values);
    }
    return this.db.dataSource.query<R[]>(text, values);
  }
}

/** A sort value as text that holds no control character. */
const KEY_SQL: Record<KeysetColumn['type'], (sql: string) => string> = {
  text: (sql) => `to_json(${sql})::text`,
  timestamptz: (sql) => `(${sql} AT TIME ZONE 'UTC')::text`,
  bigint: (sql) => `${sql}::text`,
  integer: (sql) => `${sql}::text`,
  uuid: (sql) => `${sql}::text`,
};
const KEY_VALUE: Record<KeysetColumn['type'], (text: string) => string | number> = {
  text: (text) => JSON.parse(text) as string,
  timestamptz: (text) => `${text.replace(' ', 'T')}Z`,
  bigint: Number,
  integer: Number,
  uuid: (text) => text,
};

/**
 * One text for a page: its rows in their order, one more than asked for when there is a next page.
 * @param best rows that come before all others: if they fill the page, the others are not read
 * @param large what tells whether filters have many products each, of which Postgres cannot know; empty where it does
 */
function pageSql(
  all: Rows,
  best: Rows | null,
  large: readonly string[],
  { limit, page }: ProductListRequest,
  locales: readonly string[],
  parameters: Parameters,
): string {
  const { columns, keyset } = all;
  const most = LIMITS.find((n) => n > limit)!;
  const translated = locales.map((locale) => parameters.add(locale));
  const card = (row: string) =>
    translated.length === 0
      ? `${row}.card`
      : `coalesce(${translated.map((one) => `${row}.cards ->> ${one}::text`).join(', ')}, ${row}.card) AS card,
         CASE ${translated.map((one) => `WHEN ${row}.cards ? ${one}::text THEN ${one}::text`).join(' ')} ELSE '' END AS locale`;
  const keysOf = (rows: Rows) => rows.columns.map((column, i) => `${column.sql} AS k${i}`).join(', ');
  // A page by number skips rows in the index and reads only those that it shows.
  const isByNumber = page > 1;
  const shown = (rows: Rows) =>
    isByNumber ? `l.product_id, l.currency, ${keysOf(rows)}` : `${card('l')}, l.available, ${keysOf(rows)}`;
  const ends = `LIMIT ${most}${isByNumber ? ` OFFSET ${parameters.add((page - 1) * limit)}::integer` : ''}`;
  const order = (row: string) =>
    columns
      .map((column, i) => `${row}.k${i} ${Boolean(column.descending) !== keyset.backward ? 'DESC' : 'ASC'}`)
      .join(', ');

  const read = (rows: Rows, only = '') =>
    `SELECT ${shown(rows)} FROM product_listings l
     WHERE ${rows.base} AND ${rows.filters}${only} ORDER BY ${rows.keyset.orderBy} ${ends}`;
  /** If `first` fills the page, `rest` is not read. */
  const firstOf = (first: string, rest: (only: string) => string) => `
    WITH first AS MATERIALIZED (${first})
    SELECT * FROM first WHERE (SELECT count(*) FROM first) = ${most}
    UNION ALL (${rest(` AND (SELECT count(*) FROM first) <> ${most}`)})`;
  /** What is in very many rows is soon met in the order of the list. */
  const walked = () =>
    `SELECT ${shown(all)} FROM (SELECT l.* FROM product_listings l WHERE ${all.base} ORDER BY ${keyset.orderBy} LIMIT ${MOST_WALKED}) l
     WHERE ${all.filters} AND ${large.join(' AND ')} ORDER BY ${keyset.orderBy} ${ends}`;
  /** OFFSET 0: found by an index of theirs, and not looked for in the order of the list. */
  const sorted = (only: string) =>
    `SELECT * FROM (SELECT ${shown(all)} FROM product_listings l WHERE ${all.base} AND ${all.filters}${only} OFFSET 0) x
     ORDER BY ${order('x')} ${ends}`;

  const found =
    large.length > 0 ? firstOf(walked(), sorted) : best ? firstOf(read(best), (only) => read(all, only)) : read(all);
  const rows = isByNumber
    ? `SELECT ${card('c')}, c.available, s.* FROM (${found}) s
       JOIN product_listings c ON c.product_id = s.product_id AND c.currency = s.currency`
    : found;
  const fields = columns.map((column, i) => ` || E'\\x1e' || ${KEY_SQL[column.type](`r.k${i}`)}`).join('');
  const locale = translated.length === 0 ? '' : ` || E'\\x1e' || r.locale`;
  return `
    SELECT string_agg(left(r.card, -1) || CASE WHEN r.available THEN ',"available":true}' ELSE ',"available":false}' END${fields}${locale},
                      E'\\x1d' ORDER BY ${order('r')}) AS page
    FROM (${rows}) r`;
}

function cardsOf({ rows, backward }: RawPage, limit: number): string {
  const cards = rows.slice(0, limit).map((row) => row.slice(0, row.indexOf(FIELD)));
  if (backward) cards.reverse();
  return cards.join(',');
}

/** The languages of the cards that are shown; empty ones are of the catalog. */
function localesOf({ rows }: RawPage, limit: number): string[] {
  return rows.slice(0, limit).map((row) => row.slice(row.lastIndexOf(FIELD) + 1));
}

/** How the search was matched on the page that the cursor belongs to. */
function modeOf(cursor: string | undefined): SearchMode {
  if (cursor === undefined) return 'plain';
  const start = Buffer.from(cursor, 'base64url').toString('latin1').slice(0, 200);
  return (/^\{"k":"[^"]*:(corrected|alike)"/.exec(start)?.[1] as SearchMode | undefined) ?? 'plain';
}

function pageInfo(page: RawPage, request: ProductListRequest, total: number | undefined): Page {
  const { rows, key, columns, backward } = page;
  const { limit } = request;
  const cursor = (direction: 'a' | 'b', row: string | undefined) => {
    if (row === undefined) return null;
    const values = row.split(FIELD).slice(1);
    return encodeCursor(
      key,
      direction,
      columns.map((column, i) => KEY_VALUE[column.type](values[i]!)),
    );
  };
  const nearest = rows[0];
  const farthest = rows.length > limit ? rows[limit - 1] : undefined;
  const follows = request.cursor !== undefined || request.page > 1;
  return {
    limit,
    next: cursor('a', backward ? nearest : farthest),
    prev: cursor('b', backward ? farthest : follows ? nearest : undefined),
    ...(total === undefined ? {} : { total }),
  };
}
