import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isForeignKeyViolation, type Tx } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { checkedCountries } from './checked-countries.js';
import type { CreateMarketRequest, UpdateMarketRequest } from './dto/market.dto.js';
import { Market } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { MarketInUse, MarketsOverlap } from './settings.errors.js';

/** Says where the shop sells in another currency, or shows prices otherwise. Carts keep the market in which they were begun. */
@Injectable()
export class Markets {
  constructor(private readonly changes: SettingsChanges) {}

  /** Adds a market. The same again answers the one that is there. @throws validation_failed for what is no country; markets_overlap */
  create(request: CreateMarketRequest): Promise<Market> {
    const countries = checkedCountries(request.countries);
    const id = newUuid();
    return this.changes.run(async (tx) => {
      const [same] = await tx.query<{ id: string }>(
        `SELECT id FROM markets WHERE name = $1 AND countries @> $2 AND countries <@ $2 AND currency = $3 AND prices_include_tax = $4`,
        [request.name, countries, request.currency, request.pricesIncludeTax],
      );
      if (same) return load(tx.manager, same.id);
      await refuseOverlap(tx, countries, null);
      await tx.manager.insert(Market, { id, ...request, countries });
      return load(tx.manager, id);
    });
  }

  /** Changes what is given. @throws not_found, version_mismatch, validation_failed, markets_overlap */
  update(id: string, change: UpdateMarketRequest, expectedVersion: number | undefined): Promise<Market> {
    const countries = change.countries && checkedCountries(change.countries);
    return this.changes.run(async (tx) => {
      const market = await load(tx.manager, id);
      assertVersion(expectedVersion, market.version);
      if (countries) await refuseOverlap(tx, countries, id);
      const next = { version: market.version + 1, updatedAt: new Date() };
      return tx.manager.save(Object.assign(market, change, countries && { countries }, next));
    });
  }

  /** @throws not_found, version_mismatch, market_in_use */
  async delete(id: string, expectedVersion: number | undefined): Promise<void> {
    try {
      await this.changes.run(async ({ manager }) => {
        assertVersion(expectedVersion, (await load(manager, id)).version);
        await manager.delete(Market, { id });
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'price_lists_market')) throw MarketInUse({ cause: error });
      throw error;
    }
  }
}

/** Changes of settings wait for each other, so nothing can come in between. */
async function refuseOverlap(tx: Tx, countries: string[], exceptMarket: string | null): Promise<void> {
  const rows = await tx.query<{ country: string; name: string }>(
    `SELECT c.country, m.name FROM markets m CROSS JOIN LATERAL unnest(m.countries) AS c (country)
     WHERE c.country = ANY ($1) AND m.id IS DISTINCT FROM $2 ORDER BY c.country`,
    [countries, exceptMarket],
  );
  if (rows.length === 0) return;
  throw MarketsOverlap({
    errors: rows.map(({ country, name }) => ({
      pointer: '/countries',
      code: 'in_another_market',
      detail: `${country} is in the market "${name}"`,
    })),
  });
}

async function load(manager: EntityManager, id: string): Promise<Market> {
  const market = await manager.findOneBy(Market, { id });
  if (!market) throw NotFound();
  return market;
}
