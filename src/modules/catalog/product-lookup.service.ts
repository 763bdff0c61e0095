import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { ProductNotFound } from './catalog.errors.js';
import { idOrHandle } from './id-or-handle.js';

/** Finds the products that storefronts mean. */
@Injectable()
export class ProductLookup {
  constructor(private readonly db: Db) {}

  /** The uuid of an active product. @param key id or handle @throws invalid_id, product_not_found */
  async idOf(key: string): Promise<string> {
    const wanted = idOrHandle('product', key);
    const [row] = await this.db.query<{ id: string }>(
      `SELECT id FROM products WHERE ${'id' in wanted ? 'id' : 'handle'} = $1 AND status = 'active'`,
      ['id' in wanted ? wanted.id : wanted.handle],
    );
    if (!row) throw ProductNotFound();
    return row.id;
  }
}
