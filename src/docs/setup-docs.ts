import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/index.js';
import { Unauthenticated } from '#libs/errors';
import { DocsDoor } from './docs-door.js';
import { type ApiDocuments, createDocuments } from './documents.js';
import { serveErrorPages, serveIndexPage } from './plain-pages.js';
import { serveAssets, serveSwaggerPage } from './swagger-page.js';

/**
 * Adds the pages for people and the OpenAPI documents for programs: `/`, `/docs`, `/docs/admin`, `/openapi.json`,
 * `/openapi-admin.json`, `/errors`. The documents are made when somebody first asks, and kept as text. Those for staff ask
 * for a sign-in in production.
 */
export function setupDocs(app: NestFastifyApplication, config: Config): void {
  const server = app.getHttpAdapter().getInstance();
  const door = new DocsDoor(app, config);
  door.serve();
  let texts: Record<keyof ApiDocuments, string> | undefined;
  const document = (kind: keyof ApiDocuments) => {
    if (!texts) {
      const documents = createDocuments(app);
      texts = { storefront: JSON.stringify(documents.storefront), staff: JSON.stringify(documents.staff) };
    }
    return texts[kind];
  };
  for (const [path, kind] of [
    ['/openapi.json', 'storefront'],
    ['/openapi-admin.json', 'staff'],
  ] as const) {
    server.get(path, async (request, reply) => {
      reply.header('Cache-Control', 'no-cache');
      if (!(await door.admits(kind, request, reply))) throw Unauthenticated();
      return reply.type('application/json; charset=utf-8').send(document(kind));
    });
  }
  serveSwaggerPage(server, door, {
    path: '/docs',
    title: 'Emporium storefront API',
    document: '/openapi.json',
    kind: 'storefront',
    other: ['/docs/admin', 'Admin API'],
  });
  serveSwaggerPage(server, door, {
    path: '/docs/admin',
    title: 'Emporium admin API',
    document: '/openapi-admin.json',
    kind: 'staff',
    other: ['/docs', 'Storefront API'],
  });
  serveAssets(server);
  serveErrorPages(server);
  serveIndexPage(server, config);
}
