import { createHash } from 'node:crypto';
import { html, SafeHtml } from './html.js';

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --line: #dfe3e8; --paper: #fff; --tint: #f5f7f9; --accent: #0b5fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --soft: #9aa5b3; --line: #333c48; --paper: #14181e; --tint: #1c222a; --accent: #7aa8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--accent); } h1 { font-size: 1.6rem; line-height: 1.2; margin: .2em 0 .6em; } h2 { font-size: 1.15rem; margin: 1.6em 0 .5em; }
nav { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-bottom: 1rem; }
.soft { color: var(--soft); } .bad { color: #c62828; } code, pre { font: .9em ui-monospace, monospace; } pre { background: var(--tint); padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .93rem; } th, td { text-align: left; vertical-align: top; padding: .45rem .7rem .45rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; }
ul.cards { list-style: none; padding: 0; display: grid; gap: .7rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); } ul.cards li { border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
iframe { width: 100%; height: 70vh; border: 1px solid var(--line); background: #fff; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--soft); } dd { margin: 0; }
input, button { font: inherit; padding: .4rem .6rem; max-width: 100%; }
`;

/** In one piece, since the hash covers every space in it. */
const STYLE_ELEMENT = new SafeHtml(`<style>${STYLE}</style>`);

/** A page needs nothing from anywhere: its one style sheet is named by hash, and nothing else is allowed. */
export const PAGE_CSP = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  `img-src data:`,
  `frame-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/** One of the plain pages that the house shows to people; send it with `PAGE_CSP`. */
export function htmlPage(title: string, body: SafeHtml): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${body}
      </body>
    </html> `.toString();
}
