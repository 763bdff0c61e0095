import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import type { PromotionListQuery } from './dto/promotion.request.js';
import type { PromotionStatisticsResponse } from './dto/promotion.response.js';
import { Promotion, type PromotionCode } from './entities/index.js';

/** Ids sort by the time at which they were made. */
const NEWEST: KeysetColumn[] = [{ sql: 'id', type: 'uuid', descending: true }];

/** What staff read about promotions. */
@Injectable()
export class PromotionsQuery {
  constructor(private readonly db: Db) {}

  /** @throws not_found */
  async get(id: string): Promise<Promotion> {
    const promotion = await this.db.manager.findOneBy(Promotion, { id });
    if (!promotion) throw NotFound({ detail: 'There is no such promotion.' });
    return promotion;
  }

  /** A page of promotions, the newest first. */
  async list(query: PromotionListQuery): Promise<{ rows: Promotion[]; page: Page }> {
    const like = query.q === undefined ? null : `%${query.q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
    const { rows, page } = await this.pageOf<{ id: string }>(
      'promotions',
      'id',
      `CASE WHEN $1::text IS NULL THEN status <> 'archived' ELSE status = $1 END AND ($2::text IS NULL OR method = $2)
       AND ($3::text IS NULL OR lower(name) LIKE $3)`,
      [query.status ?? null, query.method ?? null, like],
      query,
    );
    const found = await this.db.manager.findBy(Promotion, { id: In(rows.map(({ id }) => id)) });
    const byId = new Map(found.map((row) => [row.id, row]));
    return { rows: rows.flatMap(({ id }) => byId.get(id) ?? []), page };
  }

  /** A page of the codes of a promotion, the newest first. @throws not_found */
  async codes(promotionId: string, query: ListQuery): Promise<{ rows: PromotionCode[]; page: Page }> {
    await this.get(promotionId);
    return this.pageOf<PromotionCode>(
      'promotion_codes',
      `id, promotion_id AS "promotionId", code, max_uses AS "maxUses", is_generated AS "isGenerated",
       disabled_at AS "disabledAt", created_at AS "createdAt",
       (SELECT count(*)::int FROM promotion_uses u WHERE u.code_id = promotion_codes.id AND u.released_at IS NULL) AS uses`,
      'promotion_id = $1',
      [promotionId],
      query,
    );
  }

  /** How often it was used, and what that came to. @throws not_found */
  async statistics(id: string): Promise<PromotionStatisticsResponse> {
    await this.get(id);
    const [[row], totals] = await Promise.all([
      this.db.query<StatisticsRow>(
        `SELECT count(*) FILTER (WHERE released_at IS NULL)::int AS uses,
           count(*) FILTER (WHERE released_at IS NULL AND (is_late OR is_code_late))::int AS "lateUses",
           count(released_at)::int AS released, min(created_at) AS "firstUsedAt", max(created_at) AS "lastUsedAt",
           (SELECT l.max_uses - l.uses FROM promotion_limits l WHERE l.promotion_id = $1) AS left,
           (SELECT count(*)::int FROM promotion_codes c WHERE c.promotion_id = $1) AS codes,
           count(DISTINCT code_id) FILTER (WHERE released_at IS NULL)::int AS "usedCodes"
         FROM promotion_uses WHERE promotion_id = $1`,
        [id],
      ),
      this.db.query<PromotionStatisticsResponse['totals'][number]>(
        `SELECT u.currency, sum(u.amount)::bigint AS discount, sum(o.total)::bigint AS orders
         FROM promotion_uses u JOIN orders o ON o.id = u.order_id
         WHERE u.promotion_id = $1 AND u.released_at IS NULL GROUP BY u.currency ORDER BY u.currency`,
        [id],
      ),
    ]);
    const { firstUsedAt, lastUsedAt, ...counts } = row!;
    return {
      ...counts,
      totals,
      firstUsedAt: firstUsedAt?.toISOString() ?? null,
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
    };
  }

  private async pageOf<R extends { id: string }>(
    table: 'promotions' | 'promotion_codes',
    columns: string,
    where: string,
    values: unknown[],
    query: ListQuery,
  ): Promise<{ rows: R[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage(table, NEWEST, query.cursor, values.length + 1);
    const found = await this.db.query<R>(
      `SELECT ${columns} FROM ${table} WHERE ${where} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      [...values, ...keyset.values],
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${where}`, values))[0]!.n
      : undefined;
    return pageOf(table, found, limit, keyset, query.cursor !== undefined, (row) => [row.id], total);
  }
}

type StatisticsRow = Omit<PromotionStatisticsResponse, 'totals' | 'firstUsedAt' | 'lastUsedAt'> & {
  firstUsedAt: Date | null;
  lastUsedAt: Date | null;
};
