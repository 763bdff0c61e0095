import { describe, expect, it } from '@jest/globals';
import { acceptQuickly } from '#libs/http';
import { encodeId, newUuid } from '#libs/ids';
import { Address } from './address.dto.js';
import { CartLineRequest, CreateCartRequest, UpdateCartLineRequest, UpdateCartRequest } from './cart.request.js';

const [variantId, shippingMethodId] = [newUuid(), newUuid()];
const address = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  line1: '1 Main Street',
  city: 'Austin',
  postalCode: '78701',
  country: 'US',
};

/** Whatever a decorator says that is not known there makes every cart dearer, and nothing else tells. */
describe('bodies of carts', () => {
  it('are accepted quickly when they are right', () => {
    const line = { variantId: encodeId('variant', variantId), quantity: 2 };
    const made = acceptQuickly(CreateCartRequest, {
      lines: [line],
      email: 'ada@example.com',
      shippingAddress: { ...address, company: null },
    });
    expect(made).toEqual({
      lines: [{ variantId, quantity: 2 }],
      email: 'ada@example.com',
      shippingAddress: { ...address, company: null },
    });
    expect(made!.shippingAddress).toBeInstanceOf(Address);
    expect(acceptQuickly(CartLineRequest, line)).toEqual({ variantId, quantity: 2 });
    expect(
      acceptQuickly(UpdateCartRequest, { shippingMethodId: encodeId('shippingMethod', shippingMethodId) }),
    ).toEqual({ shippingMethodId });
    expect(acceptQuickly(UpdateCartLineRequest, { quantity: 0 })).toEqual({ quantity: 0 });
  });

  it('are not when they are wrong', () => {
    for (const wrong of [
      { email: 'ada' },
      { lines: [{ variantId: encodeId('product', variantId), quantity: 1 }] },
      { shippingAddress: {} },
      { x: 1 },
    ])
      expect(acceptQuickly(CreateCartRequest, wrong)).toBeUndefined();
  });
});
