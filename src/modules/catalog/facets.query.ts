import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { assertFilterable } from './attributes/attribute-filter.js';
import { DearAnswers } from './dear-answers.js';
import { totalSql, wholeShopSql } from './facet-counts/facet-counts-sql.js';
import {
  bandEnd,
  type CountRow,
  type FacetChoice,
  type FacetScope,
  facetsSql,
  type FacetTable,
  MAX_VALUES,
  type Sample,
} from './facets-sql.js';
import { baseConditions, dimensions, Parameters, type Search } from './listing-sql.js';
import type { ProductFilter } from './product-filter.js';
import { SpellingQuery } from './spelling.query.js';
import { ContentLanguages, type Language, languageServed, type Said } from './translations/content-languages.js';
import type { Word } from './translations/texts.js';

export interface FacetValue {
  value: string;
  label: string;
  count: number;
}

export interface Facet {
  key: string;
  label: string;
  /** Of more than 10,000 products: counted from a part of them. */
  approximate?: boolean;
  values: FacetValue[];
}

/** So many products are counted one by one; of more, a part is counted. */
const EXACT = 10_000;
/** Rows of the part that is counted. */
const SAMPLE = 20_000;
/** Pages that they come from. Neighbors are often alike: the more pages, the closer the counts. */
const SAMPLED_PAGES: Record<FacetTable, number> = { product_listings: 4_000, product_facets: 1_500 };
/** Different values of a whole shop that are summed up for every answer: in some 50 ms. */
const MANY_VALUES = 20_000;

interface Counted {
  facets: Facet[];
  /** Whether it took long to count them. */
  isDear: boolean;
}

/** How many products each further choice would show. */
@Injectable()
export class FacetsQuery {
  private readonly dear = new DearAnswers<Counted>(({ isDear }) => isDear);

  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    private readonly languages: ContentLanguages,
  ) {}

  /**
   * Counts of products for each category, vendor, option and price band. Disjunctive: a facet is counted with all filters but
   * its own, so that the other values of a chosen facet keep their counts; one statement, and one more for each chosen facet.
   * Exact to 10,000 products, and for the whole shop; of more, a part is counted, the facet says so, and the answer may be a
   * minute old; so may be that of a shop of more than 20,000 different values. And the language of the answer.
   */
  async facets(currency: string | null, filter: ProductFilter, language: Language): Promise<Said<Facet[]>> {
    await assertFilterable(this.db, filter.attributes);
    const { facets } = await this.dear.get(JSON.stringify([currency, filter]), () => this.find(currency, filter));
    return language.locales.length === 0
      ? { body: facets, language: language.original }
      : this.translated(facets, language);
  }

  /** The labels in another language; what is sent as the filter stays. */
  private async translated(facets: readonly Facet[], language: Language): Promise<Said<Facet[]>> {
    const words = await this.languages.optionWords(language);
    const categories = facets.find(({ key }) => key === 'category')?.values.map(({ value }) => value) ?? [];
    const titles = await this.languages.categoryTitles(categories, language);
    const said: string[] = [];
    const say = (word: Word | undefined, own: string) => {
      if (word) said.push(word.locale);
      return word?.text ?? own;
    };
    const options = facets.filter(isOption);
    const names = apart(
      options.map(nameOf),
      options.map((facet) => words.findName(nameOf(facet))),
    );
    const body = facets.map((facet) => {
      const own = facet.values.map(({ label }) => label);
      const relabeled = (found: readonly (Word | undefined)[]) =>
        facet.values.map((one, i) => ({ ...one, label: say(found[i], one.label) }));
      if (facet.key === 'category')
        return { ...facet, values: relabeled(facet.values.map(({ value }) => titles.get(value))) };
      if (!isOption(facet)) return facet;
      const label = say(names[options.indexOf(facet)], facet.label);
      const found = facet.values.map(({ value }) => words.findValue(nameOf(facet), value));
      return { ...facet, label, values: relabeled(apart(own, found)) };
    });
    return { body, language: languageServed(language, said) };
  }

  private async find(currency: string | null, filter: ProductFilter): Promise<Counted> {
    const { q } = filter;
    let counted = await this.count(
      currency,
      filter,
      q === undefined ? undefined : await this.spelling.search(q, 'plain'),
    );
    for (const mode of ['corrected', 'alike'] as const) {
      if (counted.facets.length > 0 || q === undefined) break;
      const search = await this.spelling.search(q, mode);
      if (search) counted = await this.count(currency, filter, search);
    }
    return counted;
  }

  /** Each chosen facet over what the other filters leave, and all others over what all filters leave. */
  private async count(currency: string | null, filter: ProductFilter, search: Search | undefined): Promise<Counted> {
    const chosen = dimensions(new Parameters(), filter).map(({ key }) => key);
    const sets = [await this.countSet(currency, filter, search, { except: chosen })];
    for (const key of chosen.filter((one) => one !== 'collection'))
      sets.push(await this.countSet(currency, withoutFilter(filter, key), search, { only: key }));
    return { facets: inOrder(sets.flatMap(({ facets }) => facets)), isDear: sets.some(({ isDear }) => isDear) };
  }

  private async countSet(
    currency: string | null,
    filter: ProductFilter,
    search: Search | undefined,
    choice: FacetChoice,
  ): Promise<Counted> {
    const parameters = new Parameters();
    const { sql } = baseConditions(parameters, currency, filter, search);
    const filters = dimensions(parameters, filter, true);
    const table = search === undefined ? 'product_facets' : 'product_listings';
    const run = (narrowed: readonly string[], part: Partial<FacetScope>) => {
      const all = new Parameters(parameters.values);
      const text = facetsSql(
        { table, conditions: [...sql, ...narrowed], inStock: filter.inStock, ...part },
        choice,
        all,
      );
      return this.db.dataSource.query<CountRow[]>(text, all.values);
    };
    // The whole shop has been counted already, product by product, when each was written.
    if (search === undefined && filters.length === 0) {
      const sums = await this.db.query<CountRow>(wholeShopSql(choice, filter.inStock, parameters), parameters.values);
      return { facets: group(sums), isDear: countIn(sums, 'values') > MANY_VALUES };
    }
    // Without an order, Postgres reads the table from its beginning where it expects most products to match.
    const isInOrder = search === undefined && filters.every(({ order }) => order !== undefined);
    const alone = search === undefined && filters.length === 1 ? filters[0]!.aloneSql : undefined;
    const rows = await run(alone === undefined ? filters.map((one) => one.sql) : [alone], {
      most: EXACT,
      ...(isInOrder && { order: filters[0]!.order }),
    });
    if (countIn(rows, 'matches') <= EXACT) return { facets: group(rows), isDear: false };
    const { sample, factor } = await this.sampleOf(table, currency);
    const sampled = await run(
      filters.map((one) => one.rowSql ?? one.sql),
      { sample },
    );
    return { facets: group(sampled, factor), isDear: true };
  }

  /**
   * A part of the table with about as many products of the currency as shall be looked at, however large it is, and how many
   * products each of them stands for.
   */
  private async sampleOf(table: FacetTable, currency: string | null): Promise<{ sample: Sample; factor: number }> {
    const [size] = await this.db.query<{ listed: number; pages: number }>(
      `SELECT (${totalSql(false)})::float8 AS listed, (SELECT relpages FROM pg_class WHERE oid = $2::regclass) AS pages`,
      [currency, table],
    );
    const percent = Math.min(100, Math.max(0.01, (100 * SAMPLED_PAGES[table]) / Math.max(size!.pages, 1)));
    const drawn = Math.max(1, (size!.listed * percent) / 100);
    const of1024 = Math.min(1024, Math.ceil((1024 * SAMPLE) / drawn));
    return { sample: { percent, of1024 }, factor: (100 / percent) * (1024 / of1024) };
  }
}

const isOption = ({ key }: Facet) => key.startsWith('option.');
const nameOf = ({ key }: Facet) => key.slice('option.'.length);

/** None of the words where two things would be called the same: shoppers choose by what they read. */
function apart(own: readonly string[], words: readonly (Word | undefined)[]): readonly (Word | undefined)[] {
  const called = new Set(own.map((text, i) => (words[i]?.text ?? text).trim().toLowerCase()));
  return called.size === own.length ? words : [];
}

/** The filter without one of its parts. */
function withoutFilter(filter: ProductFilter, key: string): ProductFilter {
  const { priceGte: _gte, priceLte: _lte, ...rest } = filter;
  switch (key) {
    case 'price':
      return rest;
    case 'category':
      return { ...filter, categories: { handles: [], ids: [] } };
    case 'vendor':
      return { ...filter, vendors: [] };
    case 'productType':
      return { ...filter, types: [] };
    default:
      return {
        ...filter,
        options: filter.options.filter(({ name }) => `option.${name}` !== key),
        attributes: filter.attributes.filter((attribute) => `attribute.${attribute.key}` !== key),
      };
  }
}

const FIXED = ['category', 'vendor', 'productType', 'price'];

/** What every shop has first, then options by their names, then attributes as they came. */
function inOrder(facets: readonly Facet[]): Facet[] {
  const of = (kind: string) => facets.filter(({ key }) => key.startsWith(kind));
  const byName = of('option.').sort((one, other) => (one.key.toLowerCase() < other.key.toLowerCase() ? -1 : 1));
  return [...FIXED.flatMap((key) => facets.filter((facet) => facet.key === key)), ...byName, ...of('attribute.')];
}

const countIn = (rows: readonly CountRow[], key: 'matches' | 'values') => rows.find((row) => row.key === key)?.n ?? 0;

const LABELS: Record<string, string> = { category: 'Category', vendor: 'Vendor', productType: 'Type', price: 'Price' };

/** @param factor of how many products each counted one stands for; left out where every product was counted */
function group(rows: readonly CountRow[], factor?: number): Facet[] {
  const facets = new Map<string, Facet>();
  const add = (key: string, label: string, value: string, text: string, n: number) => {
    const isNew = !facets.has(key);
    const facet = facets.get(key) ?? { key, label, ...(factor !== undefined && { approximate: true }), values: [] };
    if (isNew) facets.set(key, facet);
    if (facet.values.length < MAX_VALUES)
      facet.values.push({ value, label: text, count: Math.round(n * (factor ?? 1)) });
  };
  /** Of an option that is written in several ways, the one of its most common value. */
  const names = new Map<string, string>();
  for (const { key, name: written, value, label, n } of rows) {
    const name = names.get(key) ?? written;
    names.set(key, name);
    if (key === 'price') {
      const band = `${value}-${bandEnd(Number(value))}`;
      add(key, LABELS[key]!, band, band, n);
    } else if (key.startsWith('option.') || key.startsWith('attribute.')) {
      // Their values come as they are filtered by: `Color=Red`, `roast=Medium`.
      const own = value.slice(value.indexOf('=') + 1);
      add(key.startsWith('option.') ? `option.${name}` : key, name, own, own, n);
    } else if (key in LABELS) add(key, LABELS[key]!, value, label, n);
  }
  return [...facets.values()];
}
