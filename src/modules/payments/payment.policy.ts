import type { Config } from '../../config/index.js';

/** Tries to pay one order, on the server and in browsers: nobody has more cards, except who tests stolen ones. */
export const MAX_TRIES = 20;

/** Whether shoppers may be sent there after paying: to the storefront, the API itself, or an origin that may call it. */
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
