import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { CategoryNotFound } from './catalog.errors.js';
import { OF_CATEGORIES_SQL } from './facet-counts/facet-counts-sql.js';
import { ContentLanguages, type Language, languageServed, type Said } from './translations/content-languages.js';

/** A category in the tree. */
export interface CategoryNode {
  id: string;
  handle: string;
  title: string;
  productCount: number;
  children: CategoryNode[];
}

/** One category with the way that leads to it. */
export interface CategoryPage extends Omit<CategoryNode, 'children'> {
  description: string;
  seo: { title: string | null; description: string | null };
  breadcrumb: { id: string; handle: string; title: string }[];
  children: Omit<CategoryNode, 'children'>[];
}

interface Row {
  id: string;
  parent_id: string | null;
  handle: string;
  title: string;
  description: string;
  seo_title: string | null;
  seo_description: string | null;
  n: number;
  /** The dearest of the wished languages that something of it is said in; left out where nothing is. */
  locale?: string;
  /** Of its title. */
  titleLocale?: string;
}

/** The whole tree: a shop has hundreds of categories, not millions. Products count in all their ancestors, once. */
const TREE_SQL = `
  SELECT c.id, c.parent_id, c.handle, c.title, c.description, c.seo_title, c.seo_description, coalesce(p.n, 0) AS n
  FROM categories c LEFT JOIN (${OF_CATEGORIES_SQL}) p ON p.id = c.id::text
  ORDER BY c.position, c.title, c.id`;

/** Categories as storefronts see them, with the number of products that can be seen in them. */
@Injectable()
export class CategoriesQuery {
  constructor(
    private readonly db: Db,
    private readonly languages: ContentLanguages,
  ) {}

  /** All categories, the roots first, their children inside them; and the language of the answer. */
  async tree(currency: string | null, language: Language): Promise<Said<CategoryNode[]>> {
    const rows = await this.rows(currency, language);
    const children = new Map<string | null, Row[]>();
    for (const row of rows) children.set(row.parent_id, [...(children.get(row.parent_id) ?? []), row]);
    const nodes = (parent: string | null): CategoryNode[] =>
      (children.get(parent) ?? []).map((row) => ({ ...summary(row), children: nodes(row.id) }));
    return { body: nodes(null), language: languageServed(language, titlesOf(rows)) };
  }

  /**
   * One category with its breadcrumb from the root to itself and its direct children; and the language of the answer.
   * @throws CategoryNotFound
   */
  async get(
    currency: string | null,
    key: { handle: string } | { id: string },
    language: Language,
  ): Promise<Said<CategoryPage>> {
    const rows = await this.rows(currency, language);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const found = 'id' in key ? byId.get(key.id) : rows.find((row) => row.handle === key.handle);
    if (!found) throw CategoryNotFound();
    const way: Row[] = [];
    for (let row: Row | undefined = found; row; row = row.parent_id === null ? undefined : byId.get(row.parent_id)) {
      way.unshift(row);
    }
    const children = rows.filter((row) => row.parent_id === found.id);
    const body = {
      ...summary(found),
      description: found.description,
      seo: { title: found.seo_title, description: found.seo_description },
      breadcrumb: way.map(({ id, handle, title }) => ({ id: encodeId('category', id), handle, title })),
      children: children.map(summary),
    };
    const locales = [...titlesOf([...way, ...children]), ...(found.locale === undefined ? [] : [found.locale])];
    return { body, language: languageServed(language, locales) };
  }

  private async rows(currency: string | null, language: Language): Promise<Row[]> {
    const rows = await this.db.query<Row>(TREE_SQL, [currency]);
    const ids = rows.map((row) => row.id);
    for (const [id, texts] of await this.languages.textsOf('category', ids, language)) {
      const row = rows.find((one) => one.id === id)!;
      row.title = texts.title ?? row.title;
      row.description = texts.description ?? row.description;
      row.seo_title = texts.seoTitle ?? row.seo_title;
      row.seo_description = texts.seoDescription ?? row.seo_description;
      row.locale = texts.locale;
      if (texts.titleLocale !== undefined) row.titleLocale = texts.titleLocale;
    }
    return rows;
  }
}

function summary({ id, handle, title, n }: Row): Omit<CategoryNode, 'children'> {
  return { id: encodeId('category', id), handle, title, productCount: n };
}

const titlesOf = (rows: readonly Row[]) => rows.flatMap((row) => row.titleLocale ?? []);
