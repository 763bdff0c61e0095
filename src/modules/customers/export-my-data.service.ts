import { Injectable } from '@nestjs/common';
import { type CustomerIdentity, Sessions } from '../auth/index.js';
import { CartService } from '../cart/index.js';
import { OrdersQuery } from '../orders/index.js';
import { Addresses } from './addresses.service.js';
import { CustomersQuery } from './customers.query.js';
import { CustomerAddressResponse } from './dto/address.dto.js';
import { MeCustomerResponse, type MyDataResponse, MySessionResponse } from './dto/customer.response.js';

/** Gathers everything that the shop knows of a customer, for them to take along. */
@Injectable()
export class ExportMyData {
  constructor(
    private readonly customers: CustomersQuery,
    private readonly addresses: Addresses,
    private readonly sessions: Sessions,
    private readonly orders: OrdersQuery,
    private readonly carts: CartService,
  ) {}

  async execute(customer: CustomerIdentity): Promise<MyDataResponse> {
    const [account, addresses, sessions, orders, carts] = await Promise.all([
      this.customers.get(customer.id),
      this.addresses.list(customer.id),
      this.sessions.list('customer', customer.id),
      this.orders.allOf(customer.id),
      this.carts.openCartsOf(customer),
    ]);
    return {
      exportedAt: new Date().toISOString(),
      account: MeCustomerResponse.from(account),
      addresses: addresses.map((row) => CustomerAddressResponse.from(row)),
      sessions: sessions.map((row) => MySessionResponse.from(row, customer.sessionId)),
      orders,
      carts,
    };
  }
}
