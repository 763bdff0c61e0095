import { Injectable } from '@nestjs/common';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { type Page, pageOf } from '#libs/http';
import { decodeId, encodeId, type IdPrefix } from '#libs/ids';
import { AuditEntryResponse, type AuditListQuery } from './dto/audit.dto.js';

/** One change as it was written down. */
export interface AuditRow {
  id: number;
  actor: string;
  onBehalfOf: string | null;
  requestId: string | null;
  address: string | null;
  action: 'insert' | 'update' | 'delete';
  recordType: string;
  recordId: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  createdAt: Date;
}

/** The kind of public id that records of a table have. */
const KINDS: Readonly<Record<string, IdPrefix>> = {
  products: 'product',
  variants: 'variant',
  prices: 'variant',
  bundle_parts: 'variant',
  product_images: 'image',
  product_translations: 'product',
  product_relations: 'product',
  categories: 'category',
  category_translations: 'category',
  collections: 'collection',
  collection_products: 'collection',
  collection_translations: 'collection',
  attribute_definitions: 'attribute',
  synonym_groups: 'synonymGroup',
  reviews: 'review',
  stock_movements: 'movement',
  orders: 'order',
  payments: 'payment',
  refunds: 'refund',
  gift_cards: 'giftCard',
  credit_transactions: 'creditTransaction',
  payment_captures: 'capture',
  disputes: 'dispute',
  fulfillments: 'fulfillment',
  tax_rates: 'taxRate',
  shipping_zones: 'shippingZone',
  shipping_methods: 'shippingMethod',
  shipping_profiles: 'shippingProfile',
  exports: 'export',
  variant_files: 'file',
  order_downloads: 'download',
  users: 'user',
  roles: 'role',
  api_keys: 'apiKey',
  publishable_keys: 'publishableKey',
  two_factors: 'twoFactor',
  identities: 'identity',
  customers: 'customer',
  customer_groups: 'customerGroup',
  customer_group_members: 'customer',
  markets: 'market',
  tax_classes: 'taxClass',
  price_lists: 'priceList',
  price_list_entries: 'variant',
  promotions: 'promotion',
  promotion_codes: 'promotionCode',
  customer_addresses: 'address',
  imports: 'import',
  reconciliations: 'reconciliation',
  jobs: 'job',
};

const NEWEST: KeysetColumn[] = [{ sql: 'a.id', type: 'bigint', descending: true }];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The public id of a record. */
export function publicIdOf(recordType: string, recordId: string | null): string | null {
  const kind = KINDS[recordType];
  return recordId !== null && kind && UUID.test(recordId) ? encodeId(kind, recordId) : recordId;
}

/** Reads who changed what. */
@Injectable()
export class AuditQuery {
  constructor(private readonly db: Db) {}

  /** The newest first. */
  async list(query: AuditListQuery): Promise<{ data: AuditEntryResponse[]; page: Page }> {
    const limit = query.limit ?? 20;
    const values: unknown[] = [];
    const conditions: string[] = [];
    const add = (condition: (parameter: string) => string, value: unknown) => {
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    if (query.actor) add((p) => `(a.actor = ${p} OR a.on_behalf_of = ${p})`, actorOf(query.actor));
    if (query.action) add((p) => `a.action = ${p}`, query.action);
    if (query.recordType) add((p) => `a.record_type = ${p}`, query.recordType);
    if (query.recordId) add((p) => `a.record_id = ANY(${p})`, recordIdsOf(query.recordId));
    if (query.requestId) add((p) => `a.request_id = ${p}`, query.requestId);
    if (query['createdAt[gte]']) add((p) => `a.created_at >= ${p}`, new Date(query['createdAt[gte]']));
    if (query['createdAt[lte]']) add((p) => `a.created_at <= ${p}`, new Date(query['createdAt[lte]']));
    const where = conditions.length > 0 ? conditions.join(' AND ') : 'TRUE';
    const keyset = keysetPage('audit', NEWEST, query.cursor, values.length + 1);
    const rows = await this.db.query<AuditRow>(
      `SELECT a.id, a.actor, a.on_behalf_of AS "onBehalfOf", a.request_id AS "requestId", a.address, a.action,
         a.record_type AS "recordType", a.record_id AS "recordId", a.before, a.after, a.created_at AS "createdAt"
       FROM audit_log a WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const [count] = query.include
      ? await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM audit_log a WHERE ${where}`, values)
      : [];
    const page = pageOf('audit', rows, limit, keyset, query.cursor !== undefined, (row) => [row.id], count?.n);
    return { data: page.rows.map((row) => AuditEntryResponse.from(row)), page: page.page };
  }
}

/** `usr_…`, `key_…` and `imp_…` stand for who they are. */
function actorOf(text: string): string {
  if (decodeId('user', text) !== null) return `staff:${text}`;
  if (decodeId('import', text) !== null) return `import:${text}`;
  return decodeId('apiKey', text) === null ? text : `key:${text}`;
}

/** A public id as it is stored; other records are named as they are. */
function recordIdsOf(text: string): string[] {
  const uuids = Object.values(KINDS).flatMap((kind) => decodeId(kind, text) ?? []);
  return [text, ...new Set(uuids)];
}
