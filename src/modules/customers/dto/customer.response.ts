import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import type { SessionView } from '../../auth/index.js';
import { CartResponse } from '../../cart/index.js';
import { OrderResponse, type OrderSummaryResponse } from '../../orders/index.js';
import { Money } from '../../pricing/index.js';
import type { CustomerRow } from '../customers.query.js';
import { CustomerAddressResponse } from './address.dto.js';
import { WishlistItemResponse } from './wishlist.dto.js';

/** The customer who asks. */
export class MeCustomerResponse {
  @ApiProperty({ example: 'cus_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'ada@example.com' })
  email: string;
  @ApiProperty({ example: 'Ada' })
  firstName: string;
  @ApiProperty({ example: 'Lovelace' })
  lastName: string;
  @ApiProperty({ type: String, nullable: true, example: null })
  phone: string | null;
  @ApiProperty({ description: 'whether they want to hear of offers' })
  acceptsMarketing: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'of a business in the EU' })
  vatNumber: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(row: CustomerRow): MeCustomerResponse {
    return {
      id: encodeId('customer', row.id),
      email: row.email,
      firstName: row.firstName,
      lastName: row.lastName,
      phone: row.phone,
      acceptsMarketing: row.acceptsMarketing,
      vatNumber: row.vatNumber,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

/** A place where the customer is signed in. */
export class MySessionResponse {
  @ApiProperty({ example: 'ses_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ description: 'whether it is the one that asks' })
  isCurrent: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'what the program called itself' })
  userAgent: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', description: 'when it was begun or last renewed' })
  lastUsedAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  expiresAt: string;

  static from(row: SessionView, currentId: string): MySessionResponse {
    return {
      id: encodeId('session', row.id),
      isCurrent: row.id === currentId,
      userAgent: row.userAgent,
      createdAt: row.createdAt.toISOString(),
      lastUsedAt: row.lastUsedAt.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
    };
  }
}

/** A row of the customer's order list; GET /v1/orders/:id has the rest. */
export class MyOrderResponse {
  @ApiProperty({ example: 'ord_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ example: '1001' })
  number: string;
  @ApiProperty({ example: 'confirmed' })
  status: string;
  @ApiProperty({ example: 'paid' })
  paymentStatus: string;
  @ApiProperty({ example: 'unfulfilled' })
  fulfillmentStatus: string;
  @ApiProperty({ type: 'integer', description: 'pieces, all lines together' })
  itemCount: number;
  @ApiProperty({ type: Money })
  total: Money;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  placedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(order: OrderSummaryResponse): MyOrderResponse {
    const { id, number, status, paymentStatus, fulfillmentStatus, itemCount, total, placedAt, createdAt } = order;
    return { id, number, status, paymentStatus, fulfillmentStatus, itemCount, total, placedAt, createdAt };
  }
}

/** Everything that the shop knows of a customer. */
export class MyDataResponse {
  @ApiProperty({ type: String, format: 'date-time' })
  exportedAt: string;
  @ApiProperty({ type: MeCustomerResponse })
  account: MeCustomerResponse;
  @ApiProperty({ type: String, nullable: true, description: 'what the people of the shop have noted' })
  note: string | null;
  @ApiProperty({ type: [String] })
  tags: string[];
  @ApiProperty({ type: [CustomerAddressResponse] })
  addresses: CustomerAddressResponse[];
  @ApiProperty({ type: [MySessionResponse] })
  sessions: MySessionResponse[];
  @ApiProperty({ type: () => [OrderResponse] })
  orders: OrderResponse[];
  @ApiProperty({ type: () => [CartResponse], description: 'carts that have not become orders' })
  carts: CartResponse[];
  @ApiProperty({ type: [WishlistItemResponse], description: 'the wishlist' })
  wishlist: WishlistItemResponse[];
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'object', additionalProperties: true } },
    description: 'what else there is, by name: `paymentMethods` are the saved cards, as Stripe keeps them',
    example: {
      paymentMethods: [{ id: 'pm_1QKxYz2eZvKYlo2CnVbPq8Rt', brand: 'visa', last4: '4242', expMonth: 8, expYear: 2030 }],
    },
  })
  more: Record<string, readonly object[]>;
  @ApiProperty({ type: [String], description: 'names of what could not be read now; ask again later', example: [] })
  missing: string[];
}
