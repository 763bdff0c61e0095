import { ApiProperty } from '@nestjs/swagger';
import { Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { CustomerGroup } from '../entities/index.js';

const NAME = { description: 'for the people of the shop; unique, whatever its case', example: 'Restaurants' };

/** A new customer group. */
export class CreateCustomerGroupRequest {
  @Text(100, NAME)
  name: string;
}

/** What is to be changed; what is left out stays. */
export class UpdateCustomerGroupRequest {
  @Text(100, Opt(NAME))
  name?: string;
}

/** Customers who have prices or promotions of their own. */
export class CustomerGroupResponse {
  @ApiProperty({ example: 'cgrp_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'Restaurants' })
  name: string;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from({ id, name, createdAt, updatedAt }: CustomerGroup): CustomerGroupResponse {
    return {
      id: encodeId('customerGroup', id),
      name,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

/** A member as the database has them. */
export interface MemberRow {
  customer_id: string;
  email: string;
  first_name: string;
  last_name: string;
  created_at: Date;
}

/** A customer in a group. */
export class CustomerGroupMemberResponse {
  @ApiProperty({ example: 'cus_01j4000000e00800000000000a' })
  customerId: string;
  @ApiProperty({ example: 'ada@example.com' })
  email: string;
  @ApiProperty({ example: 'Ada' })
  firstName: string;
  @ApiProperty({ example: 'Lovelace' })
  lastName: string;
  @ApiProperty({ type: String, format: 'date-time', description: 'since when' })
  createdAt: string;

  static from(row: MemberRow): CustomerGroupMemberResponse {
    return {
      customerId: encodeId('customer', row.customer_id),
      email: row.email,
      firstName: row.first_name,
      lastName: row.last_name,
      createdAt: row.created_at.toISOString(),
    };
  }
}
