import type { Queryable } from '#libs/database';
import type { Config } from '../../config/index.js';

/** Gives a new shop its settings; one that has them keeps them. Safe when several processes start at once. */
export async function ensureSettings(
  db: Queryable,
  config: Pick<Config, 'currency' | 'manualPayments' | 'admin'>,
): Promise<void> {
  await db.query(
    `INSERT INTO shop_settings (name, currency, sender_email, notify_email, manual_payments)
     VALUES ('Emporium', $1, 'shop@emporium.example', $2, $3) ON CONFLICT (id) DO NOTHING`,
    [config.currency, config.admin.email, config.manualPayments],
  );
}
