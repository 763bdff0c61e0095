import { InvalidParameter, UnknownParameter } from '#libs/errors';
import { decodeId } from '#libs/ids';
import { attributeFilter } from './attributes/attribute-values.js';

/** A filter by one attribute; what may be filtered by, `assertFilterable` knows. */
export interface AttributeFilter {
  key: string;
  /** `key=value` in lower case, any of them; none for a range only. */
  wanted: string[];
  gte?: number;
  lte?: number;
}

/** What shoppers may ask of the product list, checked. */
export interface ProductFilter {
  /** Search words; undefined when nothing is searched. */
  q?: string;
  /** Handles and uuids, any of them. */
  categories: { handles: string[]; ids: string[] };
  /** Handles and uuids of active collections, any of them. */
  collections: { handles: string[]; ids: string[] };
  /** In lower case, any of them. */
  vendors: string[];
  /** In lower case, any of them. */
  types: string[];
  /** For each option name the wanted `name=value` texts in lower case, any of them. */
  options: { name: string; wanted: string[] }[];
  attributes: AttributeFilter[];
  /** Minor units; of the lowest price of a product. */
  priceGte?: number;
  priceLte?: number;
  inStock: boolean;
}

/** `position` is the order that staff gave to one collection. */
export type SortKey = 'price' | 'title' | 'createdAt' | 'bestSelling' | 'relevance' | 'position';
export interface SortBy {
  key: SortKey;
  descending: boolean;
}

/** A filter with the wanted page. */
export interface ProductListRequest extends ProductFilter {
  sort: SortBy[];
  limit: number;
  cursor?: string;
  /** 1 is the first. */
  page: number;
  includeTotal: boolean;
}

const MAX_AMOUNT = 99_999_999_999;
const MAX_PAGE = 10_000;
const MAX_VALUES = 50;
const MAX_OPTIONS = 5;
const MAX_ATTRIBUTES = 5;
const ATTRIBUTE_PARAMETER = /^attribute\.([a-z][a-z0-9_]{0,49})(?:\[(gte|lte)\])?$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,6})?$/;
const DEFAULT_LIMIT = 20;

type RawQuery = Record<string, unknown>;

const invalid = (pointer: string, code: string, detail: string) =>
  InvalidParameter({ detail: `${pointer} ${detail}.`, errors: [{ pointer, code, detail }] });

/** One text; a repeated parameter is refused. */
function single(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalid(name, 'repeated', 'may be given once');
  return value;
}

/** One or several texts, each once. */
function several(name: string, value: unknown, separator?: string): string[] {
  const given = (Array.isArray(value) ? value : [value]) as string[];
  const items = separator === undefined ? given : given.flatMap((item) => item.split(separator));
  const kept = [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))];
  if (kept.length === 0) throw invalid(name, 'required', 'must not be empty');
  if (kept.length > MAX_VALUES) throw invalid(name, 'too_many', `may have ${MAX_VALUES} values at most`);
  if (kept.some((item) => item.length > 255)) throw invalid(name, 'too_long', 'may have 255 characters at most');
  return kept;
}

function integer(name: string, value: unknown, min: number, max: number): number {
  const text = single(name, value);
  const number = Number(text);
  if (!/^\d{1,12}$/.test(text)) throw invalid(name, 'not_an_integer', 'must be a whole number');
  if (number < min) throw invalid(name, 'too_small', `must not be less than ${min}`);
  if (number > max) throw invalid(name, 'too_large', `must not be greater than ${max}`);
  return number;
}

/** `q`, trimmed; 1 to 200 characters. */
export function parseSearchText(value: unknown): string {
  const text = single('q', value).trim();
  if (text.length < 1) throw invalid('q', 'too_short', 'must have at least 1 character');
  if (text.length > 200) throw invalid('q', 'too_long', 'may have 200 characters at most');
  return text;
}

function handlesAndIds(name: 'category' | 'collection', value: unknown): ProductFilter['categories'] {
  const wanted: ProductFilter['categories'] = { handles: [], ids: [] };
  for (const item of several(name, value, ',')) {
    const id = decodeId(name, item);
    if (id === null) wanted.handles.push(item);
    else wanted.ids.push(id);
  }
  return wanted;
}

const SORT_KEYS = ['price', 'title', 'createdAt', 'bestSelling', 'relevance'] as const;

function isSortKey(key: string): key is (typeof SORT_KEYS)[number] {
  return (SORT_KEYS as readonly string[]).includes(key);
}

function parseSort(value: unknown, searching: boolean): SortBy[] {
  const sort = several('sort', single('sort', value), ',').map((item): SortBy => {
    const descending = item.startsWith('-');
    const key = descending ? item.slice(1) : item;
    if (!isSortKey(key)) {
      const detail = 'takes price, title, createdAt, bestSelling and relevance, each with - for descending';
      throw invalid('sort', 'not_allowed', detail);
    }
    if (key === 'relevance' && !searching) throw invalid('sort', 'not_allowed', 'takes relevance only together with q');
    // The best comes first, whether it is asked for as relevance or as -relevance.
    return { key, descending: descending || key === 'relevance' || key === 'bestSelling' };
  });
  if (new Set(sort.map((item) => item.key)).size < sort.length) throw invalid('sort', 'repeated', 'names a key twice');
  return sort;
}

/** Reads one filter parameter into `filter`; false when it is none. */
function readFilter(filter: ProductFilter, name: string, value: unknown): boolean {
  switch (name) {
    case 'q':
      filter.q = parseSearchText(value);
      return true;
    case 'category':
      filter.categories = handlesAndIds(name, value);
      return true;
    case 'collection':
      filter.collections = handlesAndIds(name, value);
      return true;
    case 'vendor':
      filter.vendors = several(name, value).map((vendor) => vendor.toLowerCase());
      return true;
    case 'productType':
      filter.types = several(name, value).map((type) => type.toLowerCase());
      return true;
    case 'price[gte]':
      filter.priceGte = integer(name, value, 0, MAX_AMOUNT);
      return true;
    case 'price[lte]':
      filter.priceLte = integer(name, value, 0, MAX_AMOUNT);
      return true;
    case 'inStock':
      filter.inStock = flag(name, value);
      return true;
    default:
      return readOption(filter, name, value) || readAttribute(filter, name, value);
  }
}

function readOption(filter: ProductFilter, name: string, value: unknown): boolean {
  if (!name.startsWith('option.') || name.length === 'option.'.length || name.length > 100) return false;
  const option = name.slice('option.'.length).toLowerCase();
  // Together with the unsplit text, so that a value with a comma in it can be asked for too.
  const wanted = new Set([...several(name, value, ','), ...several(name, value)]);
  filter.options.push({ name: option, wanted: [...wanted].map((item) => `${option}=${item.toLowerCase()}`) });
  if (filter.options.length > MAX_OPTIONS)
    throw invalid(name, 'too_many', `is one of more than ${MAX_OPTIONS} options`);
  return true;
}

function readAttribute(filter: ProductFilter, name: string, value: unknown): boolean {
  const match = ATTRIBUTE_PARAMETER.exec(name);
  if (!match) return false;
  const key = match[1]!;
  let attribute = filter.attributes.find((one) => one.key === key);
  if (!attribute) {
    attribute = { key, wanted: [] };
    filter.attributes.push(attribute);
    if (filter.attributes.length > MAX_ATTRIBUTES)
      throw invalid(name, 'too_many', `is one of more than ${MAX_ATTRIBUTES} attributes`);
  }
  if (match[2] !== undefined) {
    attribute[match[2] as 'gte' | 'lte'] = decimal(name, value);
    return true;
  }
  // Together with the unsplit text, as with options; numbers also as they are kept.
  const given = [...several(name, value, ','), ...several(name, value)];
  const wanted = given.flatMap((item) => (DECIMAL.test(item) ? [item, String(Number(item))] : [item]));
  attribute.wanted = [...new Set(wanted.map((item) => attributeFilter(key, item)))];
  return true;
}

function decimal(name: string, value: unknown): number {
  const text = single(name, value);
  if (!DECIMAL.test(text)) throw invalid(name, 'not_a_number', 'must be a number of at most 12 digits and 6 decimals');
  return Number(text);
}

const emptyFilter = (): ProductFilter => ({
  categories: { handles: [], ids: [] },
  collections: { handles: [], ids: [] },
  vendors: [],
  types: [],
  options: [],
  attributes: [],
  inStock: false,
});

function flag(name: string, value: unknown): boolean {
  const text = single(name, value);
  if (text !== 'true' && text !== 'false') throw invalid(name, 'not_a_boolean', 'must be true or false');
  return text === 'true';
}

function unknownParameter(name: string) {
  const pointer = name.slice(0, 100);
  return UnknownParameter({
    detail: `There is no parameter "${pointer}" here.`,
    errors: [{ pointer, code: 'unknown_parameter', detail: 'is not a parameter of this request' }],
  });
}

const DEFAULT_SORT: SortBy[] = [{ key: 'createdAt', descending: true }];
const BY_RELEVANCE: SortBy[] = [{ key: 'relevance', descending: true }];

/**
 * Reads the query of the product list. Anything unknown is refused by name.
 * @param usual the order where the query names none
 */
export function parseProductList(query: RawQuery, usual = DEFAULT_SORT): ProductListRequest {
  const request: ProductListRequest = {
    ...emptyFilter(),
    sort: usual,
    limit: DEFAULT_LIMIT,
    page: 1,
    includeTotal: false,
  };
  for (const name in query) {
    const value = query[name];
    if (name === 'limit') request.limit = integer(name, value, 1, 100);
    else if (name === 'cursor') request.cursor = single(name, value);
    else if (name === 'page') request.page = integer(name, value, 1, MAX_PAGE);
    else if (name === 'include') {
      if (value !== 'total') throw invalid(name, 'not_allowed', 'takes total');
      request.includeTotal = true;
    } else if (name !== 'sort' && !readFilter(request, name, value)) throw unknownParameter(name);
  }
  if (query.sort !== undefined) request.sort = parseSort(query.sort, request.q !== undefined);
  else if (request.q !== undefined) request.sort = BY_RELEVANCE;
  if (request.cursor !== undefined && query.page !== undefined) {
    throw invalid('page', 'not_allowed', 'and cursor exclude each other');
  }
  return request;
}

/** Reads the query of the facets: the filters of the list and nothing else. */
export function parseFacets(query: RawQuery): ProductFilter {
  const filter = emptyFilter();
  for (const name in query) if (!readFilter(filter, name, query[name])) throw unknownParameter(name);
  return filter;
}

/** Reads the query of suggestions: `q` and `limit`. */
export function parseSuggest(query: RawQuery): { q: string; limit: number } {
  for (const name in query) if (name !== 'q' && name !== 'limit') throw unknownParameter(name);
  if (query.q === undefined) throw invalid('q', 'required', 'is required');
  return {
    q: parseSearchText(query.q),
    limit: query.limit === undefined ? 10 : integer('limit', query.limit, 1, 20),
  };
}
