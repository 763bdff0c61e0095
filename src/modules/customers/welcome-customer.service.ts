import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Db } from '#libs/database';
import { AppError } from '#libs/errors';
import { encodeId } from '#libs/ids';
import { log } from '#libs/log';
import { type GuestCart, SignInHooks, type SignInCartResponse } from '../auth/index.js';
import { MergeCarts } from '../cart/index.js';
import { CustomerOrders } from '../orders/index.js';

/**
 * At each sign-in: what the customer did as a guest becomes theirs. Orders that were placed with their e-mail address,
 * which they have shown to be theirs, and the cart that they bring along.
 */
@Injectable()
export class WelcomeCustomer implements OnModuleInit {
  constructor(
    private readonly db: Db,
    private readonly hooks: SignInHooks,
    private readonly carts: MergeCarts,
    private readonly orders: CustomerOrders,
  ) {}

  onModuleInit(): void {
    this.hooks.useForCarts((customer, guest) => this.execute(customer, guest));
  }

  /** A cart that cannot come along does not keep anybody from signing in. */
  private async execute(
    customer: { id: string; email: string },
    guest: GuestCart | undefined,
  ): Promise<SignInCartResponse | null> {
    const claimed = await this.orders.claim(this.db, customer.id, customer.email);
    if (claimed > 0) log.info('customer.orders_claimed', { customerId: encodeId('customer', customer.id), claimed });
    if (guest) {
      try {
        const { cartId, outcome, changes } = await this.carts.execute({
          cartId: guest.cartId,
          cartToken: guest.token,
          customer,
        });
        return { id: encodeId('cart', cartId), outcome, changes };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }
    const latest = await this.carts.latestOf(customer.id);
    return latest === null ? null : { id: encodeId('cart', latest), outcome: 'unchanged', changes: [] };
  }
}
