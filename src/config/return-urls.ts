import type { Config } from './config.js';

/** Whether people may be sent back there after paying or signing in elsewhere: to the storefront, the API itself, or an origin that may call it. */
export function mayReturnTo(
  url: string,
  { storefrontUrl, publicUrl, corsOrigins }: Pick<Config, 'storefrontUrl' | 'publicUrl' | 'corsOrigins'>,
): boolean {
  if (!URL.canParse(url)) return false;
  const { origin, username } = new URL(url);
  if (username !== '') return false;
  return [new URL(storefrontUrl).origin, new URL(publicUrl).origin, ...corsOrigins].some((allowed) =>
    typeof allowed === 'string' ? allowed === origin : allowed.test(origin),
  );
}
