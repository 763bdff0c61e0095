import { createReadStream, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { RouteNotFound } from '#libs/errors';
import { html, SafeHtml } from '#libs/html';
import { DOCS_SESSION, type DocsDoor, type DocsKind } from './docs-door.js';
import { SIGN_OUT } from './sign-in-page.js';

const require = createRequire(import.meta.url);
/** Swagger UI comes with @nestjs/swagger, wherever npm has put it. */
const uiFolder = () =>
  dirname(createRequire(require.resolve('@nestjs/swagger')).resolve('swagger-ui-dist/package.json'));

const TYPES: Record<string, string> = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };
const OURS = new Set(['page.js', 'page.css']);
const THEIRS = new Set(['swagger-ui-bundle.js', 'swagger-ui.css']);

/**
 * Scripts and style sheets come from this server, calls go to it, and nothing else is allowed. Swagger UI sets style
 * attributes and inlines its icons as data: URLs.
 */
const cspOf = (isLocked: boolean) =>
  [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `style-src-attr 'unsafe-inline'`,
    `img-src 'self' data:`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action ${isLocked ? `'self'` : `'none'`}`,
    `frame-ancestors 'none'`,
  ].join('; ');

/** Serves a Swagger UI page for a document. `kind` tells the page's script what it may fill in by itself. */
export function serveSwaggerPage(
  server: FastifyInstance,
  door: DocsDoor,
  page: { path: string; title: string; document: string; kind: DocsKind; other: [string, string] },
): void {
  const [otherPath, otherTitle] = page.other;
  const isLocked = door.isLocked(page.kind);
  const csp = cspOf(isLocked);
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
        <link rel="stylesheet" href="/docs/assets/page.css" />
      </head>
      <body
        data-document="${page.document}"
        data-kind="${page.kind}"
        ${isLocked && page.kind === 'staff' ? html`data-session="${DOCS_SESSION}"` : null}
      >
        <header class="bar">
          <strong>${page.title}</strong> <a href="${otherPath}">${otherTitle}</a> <a href="${page.document}">OpenAPI</a>
          <a href="/errors">Errors</a> <span id="note" role="status"></span>
          ${
            isLocked
              ? html`<form method="post" action="${SIGN_OUT}"><button type="submit">Sign out</button></form>`
              : null
          }
        </header>
        <div id="swagger-ui"></div>
        <noscript
          >This page needs JavaScript; the document itself is at
          <a href="${page.document}">${page.document}</a>.</noscript
        >
        ${new SafeHtml('<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/page.js"></script>')}
      </body>
    </html> `.toString();
  server.get(page.path, async (request, reply) => {
    reply.header('Cache-Control', 'no-cache');
    if (!(await door.admits(page.kind, request, reply))) return door.askToSignIn(page.kind, reply);
    reply.header('Content-Security-Policy', csp);
    // With no-referrer browsers do not say where a form comes from.
    if (isLocked) reply.header('Referrer-Policy', 'same-origin');
    return reply.type('text/html; charset=utf-8').send(body);
  });
}

/** Serves the files that the pages load: Swagger UI's own, and our script and style. */
export function serveAssets(server: FastifyInstance): void {
  server.get<{ Params: { file: string } }>('/docs/assets/:file', (request, reply) => {
    const { file } = request.params;
    const folder = OURS.has(file) ? join(import.meta.dirname, 'assets') : THEIRS.has(file) ? uiFolder() : null;
    if (!folder || !existsSync(join(folder, file))) throw RouteNotFound();
    return reply
      .header('Cache-Control', 'public, max-age=3600')
      .type(TYPES[file.split('.').pop()!]!)
      .send(createReadStream(join(folder, file)));
  });
}
