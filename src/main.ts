import 'reflect-metadata';
import { createApi } from './bootstrap/create-api.js';
import { stopGracefully } from './bootstrap/graceful-stop.js';
import { tellLauncher } from './bootstrap/launcher-channel.js';
import { migrate } from './bootstrap/migrate.js';
import { prepareShop } from './bootstrap/prepare-shop.js';
import { startProcess } from './bootstrap/start-process.js';
import { startSummary } from './bootstrap/start-summary.js';
import { Readiness } from './modules/operations/index.js';

/** The API process. */
await startProcess('api', async (config) => {
  if (config.migrate) {
    const ran = await migrate(config.databaseUrl);
    if (ran.length > 0) await tellLauncher({ type: 'progress', text: `Database migrated: ${ran.length} steps` });
  }
  const app = await createApi(config);
  const owner = await prepareShop(app, config);
  await app.listen(config.port, config.host);
  stopGracefully(app, {
    drainMs: config.production ? 5_000 : 0,
    beforeDrain: () => app.get(Readiness, { strict: false }).setNotReady(),
  });
  await tellLauncher({ type: 'ready', summary: startSummary(config, owner) });
});
