import { Injectable } from '@nestjs/common';
import { In, type FindOptionsWhere } from 'typeorm';
import { Db, keysetPage, type KeysetColumn } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type ListQuery, type Page, pageOf } from '#libs/http';
import { Market, ShippingMethod, ShippingProfile, ShippingZone, TaxClass, TaxRate } from './entities/index.js';

/** Ids sort by the time at which they were made. */
const ORDER: KeysetColumn[] = [{ sql: 'id', type: 'uuid' }];

/** What staff read about taxes and shipping. */
@Injectable()
export class SettingsQuery {
  constructor(private readonly db: Db) {}

  /** A page of tax rates. */
  async taxRates(query: ListQuery): Promise<{ rows: TaxRate[]; page: Page }> {
    const { ids, page } = await this.pageOfIds('tax_rates', query);
    return { rows: inOrder(ids, await this.db.manager.findBy(TaxRate, { id: In(ids) })), page };
  }

  /** One tax rate. @throws not_found */
  async taxRate(id: string): Promise<TaxRate> {
    const rate = await this.db.manager.findOneBy(TaxRate, { id });
    if (!rate) throw NotFound();
    return rate;
  }

  /** A page of shipping zones with their methods. */
  async zones(query: ListQuery): Promise<{ rows: ShippingZone[]; page: Page }> {
    const { ids, page } = await this.pageOfIds('shipping_zones', query);
    return { rows: inOrder(ids, await this.zonesWithMethods({ id: In(ids) })), page };
  }

  /** One shipping zone with its methods. @throws not_found */
  async zone(id: string): Promise<ShippingZone> {
    const [zone] = await this.zonesWithMethods({ id });
    if (!zone) throw NotFound();
    return zone;
  }

  /** One shipping method of a zone. @throws not_found */
  async method(zoneId: string, id: string): Promise<ShippingMethod> {
    const method = await this.db.manager.findOneBy(ShippingMethod, { id, zoneId });
    if (!method) throw NotFound();
    return method;
  }

  /** A page of markets. */
  async markets(query: ListQuery): Promise<{ rows: Market[]; page: Page }> {
    const { ids, page } = await this.pageOfIds('markets', query);
    return { rows: inOrder(ids, await this.db.manager.findBy(Market, { id: In(ids) })), page };
  }

  /** One market. @throws not_found */
  async market(id: string): Promise<Market> {
    const market = await this.db.manager.findOneBy(Market, { id });
    if (!market) throw NotFound();
    return market;
  }

  /** A page of tax classes. */
  async taxClasses(query: ListQuery): Promise<{ rows: TaxClass[]; page: Page }> {
    const { ids, page } = await this.pageOfIds('tax_classes', query);
    return { rows: inOrder(ids, await this.db.manager.findBy(TaxClass, { id: In(ids) })), page };
  }

  /** One tax class. @throws not_found */
  async taxClass(id: string): Promise<TaxClass> {
    const taxClass = await this.db.manager.findOneBy(TaxClass, { id });
    if (!taxClass) throw NotFound();
    return taxClass;
  }

  /** A page of shipping profiles. */
  async profiles(query: ListQuery): Promise<{ rows: ShippingProfile[]; page: Page }> {
    const { ids, page } = await this.pageOfIds('shipping_profiles', query);
    return { rows: inOrder(ids, await this.db.manager.findBy(ShippingProfile, { id: In(ids) })), page };
  }

  /** One shipping profile. @throws not_found */
  async profile(id: string): Promise<ShippingProfile> {
    const profile = await this.db.manager.findOneBy(ShippingProfile, { id });
    if (!profile) throw NotFound();
    return profile;
  }

  private zonesWithMethods(where: FindOptionsWhere<ShippingZone>): Promise<ShippingZone[]> {
    return this.db.manager.find(ShippingZone, {
      where,
      relations: { methods: true },
      order: { methods: { position: 'ASC', id: 'ASC' } },
    });
  }

  private async pageOfIds(
    table: 'tax_rates' | 'tax_classes' | 'markets' | 'shipping_zones' | 'shipping_profiles',
    query: ListQuery,
  ): Promise<{ ids: string[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage(table, ORDER, query.cursor, 1);
    const found = await this.db.query<{ id: string }>(
      `SELECT id FROM ${table} WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const [count] = query.include
      ? await this.db.query<{ total: number }>(`SELECT count(*) AS total FROM ${table}`)
      : [];
    const { rows, page } = pageOf(
      table,
      found,
      limit,
      keyset,
      query.cursor !== undefined,
      (row) => [row.id],
      count?.total,
    );
    return { ids: rows.map((row) => row.id), page };
  }
}

function inOrder<T extends { id: string }>(ids: string[], rows: T[]): T[] {
  return rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}
