import { Injectable } from '@nestjs/common';
import type { SignInCartResponse } from './dto/session.dto.js';

/** The guest's cart that a customer brings along when they sign in. */
export interface GuestCart {
  /** uuid */
  cartId: string;
  token: string | undefined;
}

/** Looks after the cart of a customer who has just signed in; says which cart is theirs now and what changed in it. */
export type CartAtSignIn = (
  customer: { id: string; email: string },
  guest: GuestCart | undefined,
) => Promise<SignInCartResponse | null>;

/** Where modules above this one take part in a sign-in without this one knowing them. */
@Injectable()
export class SignInHooks {
  private cart: CartAtSignIn = () => Promise.resolve(null);

  /** Names who looks after carts. */
  useForCarts(hook: CartAtSignIn): void {
    this.cart = hook;
  }

  /** See `CartAtSignIn`. */
  cartOf(customer: { id: string; email: string }, guest: GuestCart | undefined): Promise<SignInCartResponse | null> {
    return this.cart(customer, guest);
  }
}
