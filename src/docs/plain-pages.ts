import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorCatalog, type ErrorDefinition, NotFound } from '#libs/errors';
import { html, htmlPage, PAGE_CSP, type SafeHtml } from '#libs/html';
import { HTTP_STATUS } from '#libs/http';

function sendPage(reply: FastifyReply, title: string, body: SafeHtml): FastifyReply {
  return reply
    .header('Content-Security-Policy', PAGE_CSP)
    .header('Cache-Control', 'no-cache')
    .header('Vary', 'Accept, Accept-Encoding')
    .type('text/html; charset=utf-8')
    .send(htmlPage(title, body));
}

const wantsJson = (request: FastifyRequest) => /\bjson\b/.test(request.headers.accept ?? '');

const describe = (error: ErrorDefinition) => ({
  code: error.code,
  title: error.title,
  status: HTTP_STATUS[error.kind],
  ...(error.help ? { help: error.help } : {}),
});

/** `code` in backticks becomes code. */
const prose = (text: string) => text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));

/** `/errors` and a page for every code: where the `type` of a problem leads. */
export function serveErrorPages(server: FastifyInstance): void {
  server.get('/errors', (request, reply) => {
    const errors = errorCatalog().map(describe);
    if (wantsJson(request)) return reply.header('Vary', 'Accept, Accept-Encoding').send({ data: errors });
    return sendPage(
      reply,
      'Error codes – Emporium',
      html`<nav><a href="/">Emporium</a></nav>
        <h1>Error codes</h1>
        <p>
          Every error is an <code>application/problem+json</code> document (RFC 9457). Programs look at
          <code>code</code>: it never changes. Texts are for people and may. <code>requestId</code> finds the request in
          our logs.
        </p>
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th>Code</th>
                <th>Status</th>
                <th>Meaning</th>
              </tr>
            </thead>
            <tbody>
              ${errors.map(
                (e) =>
                  html`<tr>
                    <td>
                      <a href="/errors/${e.code}"><code>${e.code}</code></a>
                    </td>
                    <td>${e.status}</td>
                    <td>${e.title}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`,
    );
  });

  server.get<{ Params: { code: string } }>('/errors/:code', (request, reply) => {
    const known = errorCatalog().find((error) => error.code === request.params.code);
    if (!known) throw NotFound({ detail: 'There is no such error code.' });
    const error = describe(known);
    if (wantsJson(request)) return reply.header('Vary', 'Accept, Accept-Encoding').send(error);
    return sendPage(
      reply,
      `${error.code} – Emporium`,
      html`<nav><a href="/">Emporium</a> <a href="/errors">All error codes</a></nav>
        <h1><code>${error.code}</code></h1>
        <p>${error.title}.</p>
        ${error.help ? html`<p>${prose(error.help)}</p>` : null}
        <dl>
          <dt>HTTP status</dt>
          <dd>${error.status}</dd>
          <dt>Try again?</dt>
          <dd>${retryAdvice(error.status)}</dd>
        </dl>
        <h2>Looks like</h2>
        <pre>
${JSON.stringify({ type: `/errors/${error.code}`, title: error.title, status: error.status, code: error.code, requestId: '…' }, null, 2)}</pre>`,
    );
  });
}

function retryAdvice(status: number): string {
  if (status === 429 || status === 503) return 'Yes, after the seconds that Retry-After names.';
  if (status === 500) return 'Once or twice, later; with the same Idempotency-Key where one was sent.';
  if (status === 408) return 'Yes, with the same Idempotency-Key where one was sent.';
  if (status === 409 || status === 412) return 'After reading the present state.';
  return 'Not unchanged: the same request gets the same answer.';
}

/** `/`: where a newcomer lands, with the way to everything else. */
export function serveIndexPage(server: FastifyInstance, options: { production: boolean }): void {
  const links: [string, string, string][] = [
    ['/docs', 'Storefront API', 'browse, cart, checkout: try every call in the page'],
    ['/docs/admin', 'Admin API', 'sign in and run the shop'],
    ['/v1/products', 'Products', 'a first answer, as JSON'],
    ['/errors', 'Error codes', 'what each one means and what to do'],
    ['/health/ready', 'Health', 'database, migrations, queue'],
  ];
  if (!options.production) {
    links.push(
      ['/dev/mailbox', 'Mailbox', 'e-mails that the shop has sent on this machine'],
      ['/dev/jobs', 'Jobs', 'what happens in the background'],
    );
  }
  server.get('/', (_request, reply) =>
    sendPage(
      reply,
      'Emporium',
      html`<h1>Emporium</h1>
        <p>The shop is open. This is its API; here is the way around:</p>
        <ul class="cards">
          ${links.map(
            ([href, title, text]) =>
              html`<li>
                <a href="${href}"><strong>${title}</strong></a
                ><br /><span class="soft">${text}</span>
              </li>`,
          )}
        </ul>`,
    ),
  );
}
