import { createHash } from 'node:crypto';
import { html, htmlPage, PAGE_CSP } from './index.js';

describe('html', () => {
  it('escapes text in elements and attributes, also inside lists', () => {
    const evil = `"><script>alert('1')</script>&`;
    const out = html`<p title="${evil}">${[evil, html`<b>${evil}</b>`]}</p>`.toString();
    expect(out).not.toContain('<script>');
    expect(out).toContain('<b>&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</b>');
  });

  it('leaves out what is not there and shows zero', () => {
    expect(html`[${null}${undefined}${false}${0}]`.toString()).toBe('[0]');
  });
});

describe('htmlPage', () => {
  it('escapes the title and allows only its own style', () => {
    const page = htmlPage('<x>', html`<p>hi</p>`);
    expect(page).toContain('<title>&lt;x&gt;</title>');
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    expect(PAGE_CSP).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(PAGE_CSP).toContain(`default-src 'none'`);
    expect(PAGE_CSP).not.toContain('unsafe');
  });
});
