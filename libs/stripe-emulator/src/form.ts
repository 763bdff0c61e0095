import qs from 'qs';

/** Parsed form or query string: strings, arrays and nested objects. */
export type RawParams = Record<string, unknown>;

/** Reads `a[b]=1&expand[0]=x&types[]=y` the way Stripe does. */
export function parseForm(text: string): RawParams {
  return qs.parse(text, {
    depth: 8,
    arrayLimit: 500,
    parameterLimit: 2000,
    plainObjects: true,
    ignoreQueryPrefix: true,
  });
}
