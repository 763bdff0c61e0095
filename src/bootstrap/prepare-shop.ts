import type { INestApplicationContext } from '@nestjs/common';
import { Db } from '#libs/database';
import type { Config } from '../config/index.js';
import { seedDemoShop } from '../db/seed/index.js';
import { StaffService } from '../modules/auth/index.js';
import { ensureSettings } from '../modules/settings/index.js';
import { tellLauncher } from './launcher-channel.js';

/** The first owner, when this start made one. */
export type FirstOwner = { email: string; password: string; generated: boolean } | null;

/** What an empty database needs before the shop opens: settings, an owner, and goods when it is a demo. */
export async function prepareShop(app: INestApplicationContext, config: Config): Promise<FirstOwner> {
  const db = app.get(Db);
  await ensureSettings(db, config);
  const owner = await app.get(StaffService, { strict: false }).ensureFirstOwner();
  if (config.demo) {
    const seeded = await seedDemoShop(app, config);
    if (seeded) await tellLauncher({ type: 'progress', text: `Demo shop seeded: ${seeded.products} products` });
  }
  return owner;
}
