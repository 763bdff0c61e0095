import type { FastifyReply } from 'fastify';
import { html, htmlPage, PAGE_CSP } from '#libs/html';

export const SIGN_IN = '/docs/sign-in';
export const SIGN_OUT = '/docs/sign-out';

const CSP = PAGE_CSP.replace(`form-action 'none'`, `form-action 'self'`);

/** A form that works without a script; what went wrong is read out when the page comes back. */
export function signInPage(
  reply: FastifyReply,
  page: { status: number; kind: 'storefront' | 'staff'; next: string; email?: string; problem?: string },
): FastifyReply {
  const title = page.kind === 'staff' ? 'Admin API' : 'Storefront API';
  const isTried = page.problem !== undefined;
  const field = (name: string, type: string, label: string, value: string, autocomplete: string, required = true) =>
    html` <p>
      <label for="${name}">${label}</label><br />
      <input
        id="${name}"
        name="${name}"
        type="${type}"
        value="${value}"
        autocomplete="${autocomplete}"
        maxlength="1000"
        ${required ? html`required` : null}
        ${isTried ? html`aria-describedby="problem"` : null}
      />
    </p>`;
  return (
    reply
      .status(page.status)
      .header('Content-Security-Policy', CSP)
      .header('Cache-Control', 'no-store')
      // With no-referrer browsers do not say where a form comes from.
      .header('Referrer-Policy', 'same-origin')
      .type('text/html; charset=utf-8')
      .send(
        htmlPage(
          `${isTried ? 'Not signed in' : 'Sign in'} – Emporium`,
          html`<nav aria-label="Emporium"><a href="/">Emporium</a> <a href="/errors">Error codes</a></nav>
            <main>
              <h1>${title}: staff only</h1>
              <p>Sign in with the account that you have in this shop.</p>
              ${isTried ? html`<p id="problem" role="alert"><strong class="bad">${page.problem}</strong></p>` : null}
              <form method="post" action="${SIGN_IN}">
                <input type="hidden" name="next" value="${page.next}" />
                ${field('email', 'email', 'E-mail address', page.email?.slice(0, 254) ?? '', 'username')}
                ${field('password', 'password', 'Password', '', 'current-password')}
                ${field('code', 'text', 'Code of your authenticator app, if your account asks for one', '', 'one-time-code', false)}
                <p><button type="submit">Sign in</button></p>
              </form>
            </main>`,
        ),
      )
  );
}
