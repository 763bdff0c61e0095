import { Injectable } from '@nestjs/common';
import { Db, type Tx } from '#libs/database';

/** The settings row, locked by the change that is under way. */
export interface LockedSettings {
  currency: string;
  /** Before this change. */
  version: number;
}

/** The one way to change settings, tax rates, zones and methods. */
@Injectable()
export class SettingsChanges {
  constructor(private readonly db: Db) {}

  /**
   * Runs a change in one transaction that raises `shop_settings.version`, by which every process learns that what it keeps
   * is old. The row stays locked, so changes of settings happen one after the other and may check before they write.
   */
  run<T>(change: (tx: Tx, settings: LockedSettings) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const [settings] = await tx.query<LockedSettings>(
        `UPDATE shop_settings SET version = version + 1, updated_at = now() RETURNING currency, version - 1 AS version`,
      );
      if (!settings) throw new Error('the shop has no settings yet: ensureSettings() makes them at the first start');
      return change(tx, settings);
    });
  }
}
