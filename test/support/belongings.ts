import { createHash, randomBytes } from 'node:crypto';
import { newUuid } from '#libs/ids';
import { WELL_KNOWN } from '../../src/db/seed/index.js';
import { PASSWORD } from './customers.js';
import { type Person, type World } from './fuzz/world.js';
import type { IdentityProvider } from './identity-provider.js';
import { ADDRESS } from './shop.js';

/** Something of a shopper's that a route with ids names, and with what its owner opens it. */
export interface Belonging {
  /** by the names that they have in the address */
  ids: Record<string, string>;
  credentials: Record<string, string>;
}

const bearerOf = ({ bearer }: Person) => ({ Authorization: `Bearer ${bearer}` });
const RETURN_URL = 'http://localhost:5173/signed-in';

/**
 * Makes what a route asks for: a cart, an order, a card … of a customer, or of a guest (null).
 * @param path with `{id}` in it
 * @throws for a route that names something else: say here what it is, so that it is proved who gets it
 */
export async function belongingOf(
  world: World,
  provider: IdentityProvider,
  path: string,
  owner: Person | null,
): Promise<Belonging> {
  if (path.startsWith('/v1/carts/{id}')) return cartFor(world, path, owner);
  if (path.startsWith('/v1/orders/{id}')) {
    const isFile = path.endsWith('/downloads');
    const { id, credentials } = await world.order(owner, isFile ? 'digital' : 'unpaid');
    if (isFile)
      await world.shop.until(async () => {
        const { body } = await world.call('GET', `/v1/orders/${id}/downloads`, { headers: credentials });
        return body.data.length > 0;
      }, 'the downloads');
    return { ids: { id }, credentials };
  }
  if (!owner) throw new Error(`guests have nothing at ${path}`);
  const credentials = bearerOf(owner);
  const of = async (ids: Record<string, string | Promise<string>>): Promise<Belonging> => ({
    ids: Object.fromEntries(
      await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await id])),
    ) as Record<string, string>,
    credentials,
  });
  const mine = async (list: string) => (await world.call('GET', list, { headers: credentials })).body.data;
  switch (path) {
    case '/v1/me/addresses/{id}':
      return of({
        id: world.call('POST', '/v1/me/addresses', { headers: credentials, body: ADDRESS }).then(({ body }) => body.id),
      });
    case '/v1/me/sessions/{id}': {
      const credential = { email: owner.email, password: PASSWORD };
      await world.call('POST', '/v1/auth/login', { body: credential });
      return of({ id: (await mine('/v1/me/sessions')).find((session: any) => !session.current).id });
    }
    case '/v1/me/wishlist/{variantId}':
      await world.call('PUT', `/v1/me/wishlist/${WELL_KNOWN.variantId}`, { headers: credentials });
      return of({ variantId: WELL_KNOWN.variantId });
    case '/v1/me/reviews/{id}':
      return of({ id: world.review(owner) });
    case '/v1/me/payment-methods/{id}':
      await world.order(owner, 'paid');
      return of({ id: (await mine('/v1/me/payment-methods'))[0].id });
    case '/v1/me/identities/{id}':
      await link(world, provider, owner);
      return of({ id: (await mine('/v1/me/identities'))[0].id });
    default:
      throw new Error(`say what a shopper has at ${path}`);
  }
}

async function cartFor(world: World, path: string, owner: Person | null): Promise<Belonging> {
  const { id, lineId, credentials } = await world.cart(owner);
  const add = (what: string, code: string) =>
    world.call('POST', `/v1/carts/${id}/${what}`, { headers: credentials, body: { code } });
  if (path.endsWith('/{code}')) await add('promotions', WELL_KNOWN.promotionCode);
  if (path.endsWith('/{giftCardId}')) await add('gift-cards', WELL_KNOWN.giftCardCode);
  const ids = { id, lineId, code: WELL_KNOWN.promotionCode, giftCardId: WELL_KNOWN.giftCardId };
  // A guest who has signed in meanwhile takes the cart along.
  const taker = path.endsWith('/merge') && !owner ? bearerOf(await world.person('customer')) : {};
  return { ids, credentials: { ...credentials, ...taker } };
}

/** Links an identity at the provider to an account, as its owner does in a browser. */
async function link(world: World, provider: IdentityProvider, owner: Person): Promise<void> {
  const codeVerifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const headers = bearerOf(owner);
  const body = { returnUrl: RETURN_URL, codeChallenge, password: PASSWORD };
  const begun = await world.call('POST', '/v1/me/identities/google/start', { headers, body });
  const back = await provider.browse(begun.body.authorizationUrl, { sub: newUuid() });
  const answer = await world.shop.call('GET', `${back.pathname}${back.search}`, { redirect: 'manual' });
  const code = new URL(answer.headers.get('location')!).searchParams.get('code');
  await world.call('POST', '/v1/me/identities', { headers, body: { code, codeVerifier } });
}
