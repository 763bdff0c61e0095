import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { assertVersion } from '#libs/http';
import type { UpdateSettingsRequest } from './dto/settings.dto.js';
import { ShopSettings } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { CurrencyInUse } from './settings.errors.js';

/** Name, currency, addresses and payment methods of the shop. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly db: Db,
    private readonly changes: SettingsChanges,
  ) {}

  /** The settings as they are. */
  get(): Promise<ShopSettings> {
    return this.db.manager.findOneByOrFail(ShopSettings, { id: 1 });
  }

  /**
   * Changes what is given.
   * @throws version_mismatch; currency_in_use when the currency is to change though something has a price in it
   */
  update(change: UpdateSettingsRequest, expectedVersion: number | undefined): Promise<ShopSettings> {
    return this.changes.run(async (tx, settings) => {
      assertVersion(expectedVersion, settings.version);
      if (change.currency !== undefined && change.currency !== settings.currency) {
        const [priced] = await tx.query<{ found: boolean }>(
          `SELECT EXISTS (SELECT 1 FROM products) OR EXISTS (SELECT 1 FROM shipping_methods) AS found`,
        );
        if (priced!.found) throw CurrencyInUse();
      }
      if (Object.keys(change).length > 0) await tx.manager.update(ShopSettings, { id: 1 }, change);
      return tx.manager.findOneByOrFail(ShopSettings, { id: 1 });
    });
  }
}
