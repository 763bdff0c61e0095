import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';
import { ShopContext } from './shop-context.js';

/** The settings row, locked by the change that is under way. */
export interface LockedSettings {
  currency: string;
  /** Before this change. */
  version: number;
}

/** The one way to change settings, markets, tax classes and rates, zones, profiles, methods and promotions. */
@Injectable()
export class SettingsChanges {
  constructor(
    private readonly db: Db,
    private readonly shop: ShopContext,
  ) {}

  /**
   * Runs a change in one transaction that raises `shop_settings.version`, by which every process learns that what it keeps
   * is old. The row stays locked, so changes of settings happen one after the other and may check before they write.
   */
  async run<T>(change: (tx: Tx, settings: LockedSettings) => Promise<T>): Promise<T> {
    try {
      return await this.inTransaction(change);
    } finally {
      // Also when it failed: nobody knows whether a connection that broke had committed.
      this.shop.changed();
    }
  }

  private inTransaction<T>(change: (tx: Tx, settings: LockedSettings) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const [settings] = await tx.query<LockedSettings>(
        `UPDATE shop_settings SET version = version + 1, updated_at = now() RETURNING currency, version - 1 AS version`,
      );
      if (!settings) throw new Error('the shop has no settings yet: ensureSettings() makes them at the first start');
      return change(tx, settings);
    });
  }
}
