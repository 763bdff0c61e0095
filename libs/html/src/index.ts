export { html, escapeHtml, SafeHtml, type HtmlPart } from './html.js';
export { htmlPage, PAGE_CSP } from './page.js';
