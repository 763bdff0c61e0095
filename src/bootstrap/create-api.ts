import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApp } from '#libs/http';
import { AppModule } from '../app.module.js';
import type { Config } from '../config/index.js';
import { DOCS_FORMS, setupDocs } from '../docs/index.js';
import { OAUTH_TOKEN } from '../modules/auth/index.js';
import { registerEdgeHooks } from '../modules/operations/index.js';

/** The whole API, ready to listen. Tests start it the same way. */
export async function createApi(config: Config): Promise<NestFastifyApplication> {
  const app = await createHttpApp(AppModule.register(config, 'api'), {
    corsOrigins: config.corsOrigins,
    trustProxy: config.trustProxy,
    production: config.production,
    formRoutes: [...DOCS_FORMS, OAUTH_TOKEN],
  });
  registerEdgeHooks(app);
  setupDocs(app, config);
  return app;
}
