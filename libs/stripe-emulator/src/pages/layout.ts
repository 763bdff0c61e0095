import { Html, html } from './html.js';

const STYLE = new Html(`
:root { color-scheme: light dark; --ink: #1f2430; --soft: #667085; --line: #e4e7ec; --page: #f4f5f7; --card: #fff;
  --main: #4f46e5; --main-ink: #fff; --good: #067647; --good-page: #ecfdf3; --bad: #b42318; --bad-page: #fef3f2; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef2; --soft: #a0a7b5; --line: #343a46; --page: #14171d;
  --card: #1d2129; --main: #8b85ff; --main-ink: #14171d; --good: #6ce9a6; --good-page: #0f2b20; --bad: #fda29b;
  --bad-page: #35150f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 2.5rem 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.75rem; }
.badge { display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: .1rem .7rem;
  font-size: .8rem; color: var(--soft); margin-bottom: 1rem; }
h1 { font-size: 1.15rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
.amount { font-size: 2.4rem; font-weight: 700; letter-spacing: -.02em; margin: .25rem 0 1.5rem; overflow-wrap: anywhere; }
.note { border-radius: 10px; padding: .75rem 1rem; margin: 0 0 1.25rem; }
.bad { background: var(--bad-page); color: var(--bad); }
.good { background: var(--good-page); color: var(--good); }
button, .button { display: block; width: 100%; font: inherit; font-weight: 600; border-radius: 10px; padding: .8rem 1rem;
  cursor: pointer; text-align: center; text-decoration: none; border: 1px solid var(--main); background: var(--main);
  color: var(--main-ink); }
button:hover, .button:hover { filter: brightness(1.08); }
button:focus-visible, .button:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
button.plain { background: none; color: var(--ink); border-color: var(--line); font-weight: 500; text-align: left;
  display: flex; justify-content: space-between; gap: 1rem; }
button.plain span { color: var(--soft); font-weight: 400; white-space: nowrap; }
button.danger { background: none; color: var(--bad); border-color: var(--bad); }
.stack { display: grid; gap: .6rem; }
h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); margin: 1.75rem 0 .75rem; }
label { display: flex; gap: .5rem; align-items: baseline; color: var(--soft); font-size: .9rem; margin-top: .9rem; }
a { color: var(--main); }
a.row { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0; border-top: 1px solid var(--line);
  color: inherit; text-decoration: none; overflow-wrap: anywhere; }
a.row b { white-space: nowrap; }
a.row:hover b { color: var(--main); }
a.row small { display: block; color: var(--soft); }
a.button { color: var(--main-ink); }
code { overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .8rem; margin-top: 1rem; text-align: center; overflow-wrap: anywhere; }
`);

/** A whole page. @param refresh seconds and target of a redirect that the page announces */
export function layout(title: string, content: Html, refresh?: { seconds: number; url: string }): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${refresh === undefined ? null : html`<meta http-equiv="refresh" content="${refresh.seconds};url=${refresh.url}" />`}
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <div class="card">
            <div class="badge">Test mode: no real money moves</div>
            ${content}
          </div>
        </main>
      </body>
    </html> `.markup;
}
