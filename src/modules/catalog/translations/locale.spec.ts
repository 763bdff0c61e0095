import { chosenLocales, localeOf, localeParameter, widened, wishedLanguages } from './locale.js';

describe('language tags', () => {
  it.each([
    ['de', 'de'],
    ['DE-at', 'de-AT'],
    ['zh-hans-cn', 'zh-Hans-CN'],
    ['es-419', 'es-419'],
    ['en-US-x-twain', null],
    ['x', null],
    ['', null],
    ['../de', null],
    ['d'.repeat(30), null],
  ])('%s is kept as %s', (text, locale) => expect(localeOf(text)).toBe(locale));

  it('fall back to wider ones', () => {
    expect(widened('zh-Hant-TW')).toEqual(['zh-Hant-TW', 'zh-Hant', 'zh']);
  });

  it('of a path are refused by name', () => {
    expect(localeParameter('de-at', 'en')).toBe('de-AT');
    expect(() => localeParameter('german', 'en')).toThrow(/locale/);
    expect(() => localeParameter('EN', 'en')).toThrow(/original/);
  });
});

describe('Accept-Language', () => {
  it.each([
    [undefined, []],
    ['*', []],
    ['de', ['de']],
    ['en;q=0.3, de-at, fr;q=0.8', ['de-AT', 'fr', 'en']],
    ['de;q=0, fr', ['fr']],
    ['de;q=x, ;;, 7, fr;q=0.5', ['fr']],
    ['de;level=1;q=0.5,*;q=0.1', ['de', '*']],
    [`de,${'x'.repeat(500)}`, []],
  ])('%s wishes %j', (header, wishes) => expect(wishedLanguages(header)).toEqual(wishes));

  const known = new Set(['de', 'de-AT', 'fr', 'en-GB']);
  it.each([
    ['de', ['de']],
    ['de-AT', ['de-AT', 'de']],
    ['de-CH, fr;q=0.5', ['de', 'fr']],
    ['it, fr', ['fr']],
    // English is the language of the catalog: what comes after it is not looked for.
    ['en, de;q=0.9', []],
    ['en-GB, de;q=0.9', ['en-GB']],
    ['*, de;q=0.9', []],
    ['it', []],
    ['fr, de-AT, en-GB', ['fr', 'de-AT', 'de']],
  ])('%s looks for %j', (header, locales) =>
    expect(chosenLocales(wishedLanguages(header), known, 'en')).toEqual(locales),
  );

  it('of a narrower catalog takes the wider wish for it', () => {
    expect(chosenLocales(['en', 'de'], known, 'en-US')).toEqual([]);
    expect(chosenLocales(['en-GB', 'de'], known, 'en-US')).toEqual(['en-GB', 'de']);
  });
});
