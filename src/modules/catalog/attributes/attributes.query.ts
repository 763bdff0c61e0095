import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Db, type KeysetColumn, keysetPage } from '#libs/database';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { AttributeDefinition } from '../entities/index.js';
import { AttributeNotFound } from './attribute.errors.js';

const ORDER: KeysetColumn[] = [
  { sql: 'a.position', type: 'integer' },
  { sql: 'a.key', type: 'text' },
];

/** Reads attributes. */
@Injectable()
export class AttributesQuery {
  constructor(private readonly db: Db) {}

  /** In the order in which they are shown. */
  async list(query: ListQuery): Promise<{ rows: AttributeDefinition[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('attributes', ORDER, query.cursor, 1);
    const rows = await this.db.query<AttributeDefinition>(
      `SELECT a.id, a.key, a.label, a.type, a.choices, a.filterable, a.facetable, a.position, a.version,
              a.created_at AS "createdAt", a.updated_at AS "updatedAt"
       FROM attribute_definitions a
       WHERE a.deleted_at IS NULL AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const total = query.include
      ? await this.db.manager.countBy(AttributeDefinition, { deletedAt: IsNull() })
      : undefined;
    return pageOf(
      'attributes',
      rows,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.position, row.key],
      total,
    );
  }

  /** @throws attribute_not_found */
  async get(id: string): Promise<AttributeDefinition> {
    const row = await this.db.manager.findOneBy(AttributeDefinition, { id, deletedAt: IsNull() });
    if (!row) throw AttributeNotFound();
    return row;
  }
}
