import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tx } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import type { Money } from '#libs/money';
import type {
  CreateShippingMethodRequest,
  CreateShippingZoneRequest,
  ShippingPrice,
  UpdateShippingMethodRequest,
  UpdateShippingZoneRequest,
} from './dto/shipping.dto.js';
import { checkedCountries } from './checked-countries.js';
import { ShippingMethod, ShippingZone } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { changedTerms, NO_TERMS } from './shipping-terms.js';
import { ZonesOverlap } from './settings.errors.js';
import { REST_OF_WORLD } from './shop-snapshot.js';

/** Says where the shop ships to, how, and for how much. Orders that were placed keep the price of their day. */
@Injectable()
export class ShippingService {
  constructor(private readonly changes: SettingsChanges) {}

  /**
   * Adds a zone. The same again answers the one that is there.
   * @throws validation_failed for what is no country; zones_overlap
   */
  createZone({ name, countries }: CreateShippingZoneRequest): Promise<ShippingZone> {
    const places = checkedCountries(countries, [REST_OF_WORLD]);
    return this.changes.run(async (tx) => {
      const [same] = await tx.query<{ id: string }>(
        `SELECT id FROM shipping_zones WHERE name = $1 AND countries @> $2 AND countries <@ $2`,
        [name, places],
      );
      if (same) return loadZone(tx.manager, same.id);
      await this.refuseOverlap(tx, places, null);
      const zone = await tx.manager.save(tx.manager.create(ShippingZone, { id: newUuid(), name, countries: places }));
      return loadZone(tx.manager, zone.id);
    });
  }

  /** Changes what is given. @throws not_found, version_mismatch, validation_failed, zones_overlap */
  updateZone(
    id: string,
    change: UpdateShippingZoneRequest,
    expectedVersion: number | undefined,
  ): Promise<ShippingZone> {
    const countries = change.countries && checkedCountries(change.countries, [REST_OF_WORLD]);
    return this.changes.run(async (tx) => {
      const zone = await loadZone(tx.manager, id);
      assertVersion(expectedVersion, zone.version);
      if (countries) await this.refuseOverlap(tx, countries, id);
      return touchZone(tx.manager, id, Object.assign(change, countries && { countries }));
    });
  }

  /** Deletes a zone and its methods: the shop does not ship there any more. @throws not_found, version_mismatch */
  deleteZone(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.changes.run(async ({ manager }) => {
      const zone = await loadZone(manager, id);
      assertVersion(expectedVersion, zone.version);
      await manager.delete(ShippingZone, { id });
    });
  }

  /** Adds a way to ship to a zone. @throws not_found; validation_failed when the shop does not sell in the currency of the price */
  createMethod(zoneId: string, request: CreateShippingMethodRequest): Promise<ShippingMethod> {
    return this.changes.run(async (tx, { currency }) => {
      const { manager } = tx;
      const zone = await loadZone(manager, zoneId);
      const method = manager.create(ShippingMethod, {
        id: newUuid(),
        zoneId,
        name: request.name,
        ...(await checkedPrice(tx, request.price, currency)),
        ...(await changedTerms(tx, NO_TERMS, request)),
        position: request.position ?? Math.max(0, ...zone.methods.map((other) => other.position + 1)),
        active: request.active ?? true,
      });
      await touchZone(manager, zoneId);
      return manager.save(method);
    });
  }

  /** Changes what is given. @throws not_found, version_mismatch, validation_failed */
  updateMethod(
    zoneId: string,
    id: string,
    { price, name, position, active, ...terms }: UpdateShippingMethodRequest,
    expectedVersion: number | undefined,
  ): Promise<ShippingMethod> {
    return this.changes.run(async (tx, { currency }) => {
      const { manager } = tx;
      const method = await loadMethod(manager, zoneId, id);
      assertVersion(expectedVersion, method.version);
      Object.assign(method, price && (await checkedPrice(tx, price, currency)), await changedTerms(tx, method, terms), {
        name: name ?? method.name,
        position: position ?? method.position,
        active: active ?? method.active,
        version: method.version + 1,
        updatedAt: new Date(),
      });
      await touchZone(manager, zoneId);
      return manager.save(method);
    });
  }

  /** Deletes a way to ship; carts that chose it choose again. @throws not_found, version_mismatch */
  deleteMethod(zoneId: string, id: string, expectedVersion: number | undefined): Promise<void> {
    return this.changes.run(async ({ manager }) => {
      const method = await loadMethod(manager, zoneId, id);
      assertVersion(expectedVersion, method.version);
      await touchZone(manager, zoneId);
      await manager.delete(ShippingMethod, { id });
    });
  }

  /** A country belongs to one zone. Changes of settings wait for each other, so nothing can come in between. */
  private async refuseOverlap(tx: Tx, countries: string[], exceptZone: string | null): Promise<void> {
    const rows = await tx.query<{ country: string; name: string }>(
      `SELECT c.country, z.name FROM shipping_zones z CROSS JOIN LATERAL unnest(z.countries) AS c (country)
       WHERE c.country = ANY ($1) AND z.id IS DISTINCT FROM $2 ORDER BY c.country`,
      [countries, exceptZone],
    );
    if (rows.length === 0) return;
    throw ZonesOverlap({
      errors: rows.map(({ country, name }) => ({
        pointer: '/countries',
        code: 'in_another_zone',
        detail: `${country} is in the zone "${name}"`,
      })),
    });
  }
}

/** A method has prices in one currency: that of the shop or of a market. Whoever pays in another one has other methods. */
async function checkedPrice(tx: Tx, { amount, currency }: ShippingPrice, ofShop: string): Promise<Money> {
  const markets = await tx.query<{ currency: string }>(`SELECT DISTINCT currency FROM markets ORDER BY currency`);
  const sold = new Set([ofShop, ...markets.map((market) => market.currency)]);
  if (sold.has(currency)) return { amount, currency };
  const detail = `must be ${[...sold].join(' or ')}: the shop sells in no other currency`;
  throw ValidationFailed({ errors: [{ pointer: '/price/currency', code: 'not_the_currency_of_the_shop', detail }] });
}

async function loadZone(manager: EntityManager, id: string): Promise<ShippingZone> {
  const zone = await manager.findOneBy(ShippingZone, { id });
  if (!zone) throw NotFound();
  zone.methods = await manager.find(ShippingMethod, { where: { zoneId: id }, order: { position: 'ASC', id: 'ASC' } });
  return zone;
}

async function loadMethod(manager: EntityManager, zoneId: string, id: string): Promise<ShippingMethod> {
  const method = await manager.findOneBy(ShippingMethod, { id, zoneId });
  if (!method) throw NotFound();
  return method;
}

/** A new version of the zone, which its methods are part of. */
async function touchZone(
  manager: EntityManager,
  id: string,
  change: UpdateShippingZoneRequest = {},
): Promise<ShippingZone> {
  const raised = { version: () => 'version + 1', updatedAt: () => 'now()' };
  await manager.update(ShippingZone, { id }, Object.assign({}, change, raised));
  return loadZone(manager, id);
}
