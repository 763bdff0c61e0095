import { Injectable } from '@nestjs/common';
import { ApiMovedPermanentlyResponse } from '@nestjs/swagger';
import { Db } from '#libs/database';
import { AppError } from '#libs/errors';
import type { Reply } from '#libs/http';

/** Where things with handles are, and where their handles stand. */
const PLACES = {
  product: { table: 'products', path: '/v1/products/' },
  category: { table: 'categories', path: '/v1/categories/' },
  collection: { table: 'collections', path: '/v1/collections/' },
} as const;

/** Documents the answer to who comes by an old handle. */
export const Moved = () =>
  ApiMovedPermanentlyResponse({
    description: 'it has another handle now',
    headers: { Location: { description: 'where it is', schema: { type: 'string' } } },
  });

/** Leads who comes by the handle that something had before to where it is now. */
@Injectable()
export class OldHandles {
  constructor(private readonly db: Db) {}

  /**
   * Runs the work; where it finds nothing by this handle, and something had it before, answers 301 to its new address.
   * @param rest what follows the handle in the address
   */
  async orRedirect(
    kind: keyof typeof PLACES,
    key: string,
    rest: string,
    reply: Reply,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.definition.kind !== 'not_found') throw error;
      const handle = await this.currentHandle(kind, key);
      if (handle === undefined) throw error;
      reply.header('Cache-Control', 'public, max-age=60');
      void reply.status(301).header('Location', `${PLACES[kind].path}${handle}${rest}`).send();
    }
  }

  private async currentHandle(kind: keyof typeof PLACES, old: string): Promise<string | undefined> {
    const [row] = await this.db.query<{ handle: string }>(
      `SELECT t.handle FROM old_handles o JOIN ${PLACES[kind].table} t ON t.id = o.target_id
       WHERE o.kind = $1 AND o.handle = $2 AND t.handle <> o.handle${kind === 'category' ? '' : ` AND t.status = 'active'`}`,
      [kind, old.slice(0, 255)],
    );
    return row?.handle;
  }
}
