import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { type CustomerIdentity, Sessions } from '../auth/index.js';
import { CartService } from '../cart/index.js';
import { CustomerOrders, OrdersQuery } from '../orders/index.js';
import { Addresses } from './addresses.service.js';
import { CustomersQuery } from './customers.query.js';
import { CustomerAddressResponse } from './dto/address.dto.js';
import { MeCustomerResponse, type MyDataResponse, MySessionResponse } from './dto/customer.response.js';
import { MyDataParts } from './my-data-parts.js';
import { WishlistItemResponse } from './dto/wishlist.dto.js';
import { Wishlist } from './wishlist.service.js';

/** Gathers everything that the shop knows of a customer, for them to take along. */
@Injectable()
export class ExportMyData {
  constructor(
    private readonly db: Db,
    private readonly claims: CustomerOrders,
    private readonly customers: CustomersQuery,
    private readonly addresses: Addresses,
    private readonly sessions: Sessions,
    private readonly orders: OrdersQuery,
    private readonly carts: CartService,
    private readonly wishlist: Wishlist,
    private readonly parts: MyDataParts,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  /** With what they ordered as a guest since the last sign-in. @throws unauthenticated when the account is gone */
  async execute(customer: CustomerIdentity): Promise<MyDataResponse> {
    await this.claims.claim(this.db, customer.id, customer.email);
    // One after another: who has much shall not take the connections that others wait for.
    const account = await this.customers.get(customer.id);
    const [remarks] = await this.db.query<{ note: string | null; tags: string[] }>(
      `SELECT note, tags FROM customers WHERE id = $1`,
      [customer.id],
    );
    const addresses = await this.addresses.list(customer.id);
    const sessions = await this.sessions.list('customer', customer.id);
    const orders = await this.orders.allOf(customer.id);
    const carts = await this.carts.openCartsOf(customer);
    const wishlist = await this.wishlist.all(customer.id);
    const parts = await this.parts.read(customer.id);
    return {
      exportedAt: new Date().toISOString(),
      account: MeCustomerResponse.from(account),
      note: remarks!.note,
      tags: remarks!.tags,
      addresses: addresses.map((row) => CustomerAddressResponse.from(row)),
      sessions: sessions.map((row) => MySessionResponse.from(row, customer.sessionId)),
      orders,
      carts,
      wishlist: wishlist.map((row) => WishlistItemResponse.from(row, this.config.publicUrl)),
      ...parts,
    };
  }
}
