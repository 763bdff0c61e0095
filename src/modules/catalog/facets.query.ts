import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { assertFilterable } from './attributes/attribute-filter.js';
import { DearAnswers } from './dear-answers.js';
import { baseConditions, type Dimension, dimensions, Parameters, type Search } from './listing-sql.js';
import type { ProductFilter } from './product-filter.js';
import { SpellingQuery } from './spelling.query.js';
import { ContentLanguages, type Language } from './translations/content-languages.js';

export interface FacetValue {
  value: string;
  label: string;
  count: number;
}

export interface Facet {
  key: string;
  label: string;
  values: FacetValue[];
}

interface CountRow {
  key: string;
  name: string;
  value: string;
  label: string;
  n: number;
}

const MAX_VALUES = 100;
/** Counting so many takes as long as a hundred product pages. */
const MANY = 10_000;

/** How many products were counted: each is in one band of prices. */
function productsIn(facets: readonly Facet[]): number {
  const bands = facets.find(({ key }) => key === 'price')?.values ?? [];
  return bands.reduce((all, { count }) => all + count, 0);
}

/** How many products each further choice would show. */
@Injectable()
export class FacetsQuery {
  private readonly dear = new DearAnswers<Facet[]>((facets) => productsIn(facets) > MANY);

  constructor(
    private readonly db: Db,
    private readonly spelling: SpellingQuery,
    private readonly languages: ContentLanguages,
  ) {}

  /**
   * Counts of products for each category, vendor, type, option, attribute and price band, in one statement (three at most when the
   * search has typos). Disjunctive: a facet is counted
   * with all filters but its own, so that the other values of a chosen facet keep their counts. Those of more than
   * 10,000 products may be a minute old.
   */
  async facets(currency: string | null, filter: ProductFilter, language: Language): Promise<Facet[]> {
    await assertFilterable(this.db, filter.attributes);
    const facets = await this.dear.get(JSON.stringify([currency, filter]), () => this.find(currency, filter));
    return language.locales.length === 0 ? facets : this.translated(facets, language);
  }

  /** The labels in another language; what is sent as the filter stays. */
  private async translated(facets: readonly Facet[], language: Language): Promise<Facet[]> {
    const words = await this.languages.optionWords(language);
    const titles = await this.languages.categoryTitles(language);
    return facets.map((facet) => {
      if (facet.key === 'category')
        return { ...facet, values: facet.values.map((one) => ({ ...one, label: titles.get(one.value) ?? one.label })) };
      if (!facet.key.startsWith('option.')) return facet;
      const name = facet.key.slice('option.'.length);
      const values = facet.values.map((one) => ({ ...one, label: words.value(name, one.value) }));
      return { ...facet, label: words.name(name), values };
    });
  }

  private async find(currency: string | null, filter: ProductFilter): Promise<Facet[]> {
    const { q } = filter;
    let rows = await this.count(currency, filter, q === undefined ? undefined : await this.spelling.search(q, 'plain'));
    for (const mode of ['corrected', 'alike'] as const) {
      if (rows.length > 0 || q === undefined) break;
      const search = await this.spelling.search(q, mode);
      if (search) rows = await this.count(currency, filter, search);
    }
    return group(rows);
  }

  private count(currency: string | null, filter: ProductFilter, search: Search | undefined): Promise<CountRow[]> {
    const parameters = new Parameters();
    const base = baseConditions(parameters, currency, filter, search);
    const chosen = dimensions(parameters, filter);
    return this.db.dataSource.query<CountRow[]>(facetsSql(base.sql, chosen, parameters), parameters.values);
  }
}

function facetsSql(base: string[], chosen: Dimension[], parameters: Parameters): string {
  const flags = chosen.map((dimension, i) => `, (${dimension.sql}) AS m${i}`).join('');
  const others = (key: string) =>
    ['TRUE', ...chosen.flatMap((d, i) => (d.key === key ? [] : [`r.m${i}`]))].join(' AND ');
  /** All filters, but that by the very option or attribute whose values are counted. */
  const othersThan = (kind: 'option.' | 'attribute.', name: string) =>
    [
      'TRUE',
      ...chosen.map((d, i) =>
        d.key.startsWith(kind) ? `(r.m${i} OR ${name} = ${parameters.add(d.key.slice(kind.length))})` : `r.m${i}`,
      ),
    ].join(' AND ');
  return `
    WITH r AS MATERIALIZED (
      SELECT l.category_ids, l.vendor, l.product_type, l.options, l.option_labels, l.attributes, l.attribute_labels, l.price_min${flags}
      FROM product_listings l WHERE ${base.join(' AND ')})
    (SELECT 'category' AS key, '' AS name, c.handle AS value, c.title AS label, count(*)::integer AS n
     FROM r CROSS JOIN unnest(r.category_ids) AS u (id) JOIN categories c ON c.id = u.id
     WHERE ${others('category')} GROUP BY c.id ORDER BY n DESC, label LIMIT ${MAX_VALUES})
    UNION ALL
    (SELECT 'vendor', '', min(r.vendor), min(r.vendor), count(*)::integer AS n
     FROM r WHERE r.vendor <> '' AND ${others('vendor')} GROUP BY lower(r.vendor) ORDER BY n DESC, 3 LIMIT ${MAX_VALUES})
    UNION ALL
    (SELECT 'productType', '', min(r.product_type), min(r.product_type), count(*)::integer AS n
     FROM r WHERE r.product_type <> '' AND ${others('productType')} GROUP BY lower(r.product_type) ORDER BY n DESC, 3 LIMIT ${MAX_VALUES})
    UNION ALL
    (SELECT 'option.' || o.name, split_part(min(o.label), '=', 1), min(o.label), min(o.label), count(*)::integer AS n
     FROM r CROSS JOIN LATERAL (
       SELECT u.text, u.label, split_part(u.text, '=', 1) AS name FROM unnest(r.options, r.option_labels) AS u (text, label)) o
     WHERE ${othersThan('option.', 'o.name')} GROUP BY o.name, o.text ORDER BY o.name, n DESC, 3 LIMIT ${MAX_VALUES * 5})
    UNION ALL
    (SELECT 'attribute.' || d.key, d.label, min(u.label), min(u.label), count(*)::integer AS n
     FROM r CROSS JOIN LATERAL unnest(r.attributes, r.attribute_labels) AS u (text, label)
     JOIN attribute_definitions d ON d.key = split_part(u.text, '=', 1) AND d.facetable AND d.deleted_at IS NULL
     WHERE EXISTS (SELECT FROM attribute_definitions WHERE facetable) AND ${othersThan('attribute.', 'd.key')}
     GROUP BY d.id, u.text ORDER BY d.position, d.key, n DESC, 3 LIMIT ${MAX_VALUES * 10})
    UNION ALL
    (SELECT 'price', '', b.lower::text, '', count(*)::integer AS n
     FROM r CROSS JOIN LATERAL (SELECT power(10::numeric, length(r.price_min::text) - 1)::bigint AS unit) m
     CROSS JOIN LATERAL (SELECT CASE WHEN r.price_min < 100 THEN 0 ELSE
       m.unit * CASE WHEN r.price_min >= 5 * m.unit THEN 5 WHEN r.price_min >= 2 * m.unit THEN 2 ELSE 1 END END AS lower) b
     WHERE ${others('price')} GROUP BY b.lower ORDER BY b.lower)`;
}

/** 100, 200, 500, 1000, …: where the band that begins at `lower` ends. */
export function bandEnd(lower: number): number {
  if (lower === 0) return 99;
  const digits = String(lower);
  const unit = 10 ** (digits.length - 1);
  return (digits.startsWith('1') ? 2 : digits.startsWith('2') ? 5 : 10) * unit - 1;
}

function group(rows: CountRow[]): Facet[] {
  const facets = new Map<string, Facet>([
    ['category', { key: 'category', label: 'Category', values: [] }],
    ['vendor', { key: 'vendor', label: 'Vendor', values: [] }],
    ['productType', { key: 'productType', label: 'Type', values: [] }],
    ['price', { key: 'price', label: 'Price', values: [] }],
  ]);
  for (const row of rows) {
    if (row.key.startsWith('option.')) {
      const facet = facets.get(row.key) ?? { key: `option.${row.name}`, label: row.name, values: [] };
      const value = row.value.slice(row.name.length + 1);
      if (facet.values.length < MAX_VALUES) facet.values.push({ value, label: value, count: row.n });
      facets.set(row.key, facet);
    } else if (row.key.startsWith('attribute.')) {
      const facet = facets.get(row.key) ?? { key: row.key, label: row.name, values: [] };
      const value = row.value.slice(row.key.length - 'attribute.'.length + 1);
      if (facet.values.length < MAX_VALUES) facet.values.push({ value, label: value, count: row.n });
      facets.set(row.key, facet);
    } else if (row.key === 'price') {
      const band = `${row.value}-${bandEnd(Number(row.value))}`;
      facets.get('price')!.values.push({ value: band, label: band, count: row.n });
    } else {
      facets.get(row.key)!.values.push({ value: row.value, label: row.label, count: row.n });
    }
  }
  return [...facets.values()].filter((facet) => facet.values.length > 0);
}
