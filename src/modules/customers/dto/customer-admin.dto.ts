import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { Email, Flag, ListQuery, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { Money } from '../../pricing/index.js';
import type { CustomerDetails, CustomerListRow } from '../customers.admin.query.js';
import { CustomerAddressResponse } from './address.dto.js';

const NOTE = { description: 'for the people of the shop; null clears it', example: 'Calls before noon only.' };
const TAGS = { description: 'words to find customers by, 50 at most', example: ['wholesale'] };

/** How a customer is deleted. */
export class DeleteCustomerQuery {
  @ApiPropertyOptional({ enum: ['true'], description: '`true`: the store credit that is left is given up' })
  @IsOptional()
  @IsIn(['true'])
  forfeitCredit?: 'true';
}

/** Filters of the list of customers. */
export class CustomerListQuery extends ListQuery {
  @ApiPropertyOptional({
    type: String,
    description: 'parts of the e-mail address, the name or the telephone number; all words must fit',
    example: 'ada',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(254)
  q?: string;
  @ApiPropertyOptional({ type: String, description: 'has this tag', example: 'wholesale' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(50)
  tag?: string;
}

/** Whose account is to be opened. */
export class CreateCustomerRequest {
  @Email({ example: 'grace@example.com' })
  email: string;
  @Text(100, Opt({ example: 'Grace' }))
  firstName?: string;
  @Text(100, Opt({ example: 'Hopper' }))
  lastName?: string;
  @Text(40, Opt({ example: '+1 555 0100' }))
  phone?: string;
  @Text(5_000, Opt(NOTE))
  note?: string;
  @StringArray(50, 50, Opt(TAGS))
  tags?: string[];
  @Flag(Opt({ description: 'whether they get a mail with which to choose a password; yes when left out' }))
  invite?: boolean;
}

/** Any subset of what is known of a customer. The e-mail address is theirs to change. */
export class UpdateCustomerRequest {
  @Text(100, Opt({ min: 0, example: 'Grace' }))
  firstName?: string;
  @Text(100, Opt({ min: 0, example: 'Hopper' }))
  lastName?: string;
  @Text(40, Opt({ nullable: true, example: '+1 555 0100' }))
  phone?: string | null;
  @Text(5_000, Opt({ ...NOTE, nullable: true }))
  note?: string | null;
  @StringArray(50, 50, Opt(TAGS))
  tags?: string[];
}

/** A row of the list of customers. */
export class CustomerSummaryResponse {
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
  @ApiProperty({ type: [String], example: ['wholesale'] })
  tags: string[];
  @ApiProperty({
    description:
      'false where staff have opened the account and nobody has chosen one yet, and where the customer signs in elsewhere',
  })
  hasPassword: boolean;
  @ApiProperty({ type: 'integer', description: 'orders that were placed, canceled ones too' })
  orderCount: number;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(row: CustomerListRow): CustomerSummaryResponse {
    const { email, firstName, lastName, phone, tags, hasPassword, orderCount } = row;
    return {
      id: encodeId('customer', row.id),
      email,
      firstName,
      lastName,
      phone,
      tags,
      hasPassword,
      orderCount,
      createdAt: row.createdAt.toISOString(),
    };
  }
}

/** A customer as staff see them. */
export class CustomerResponse extends CustomerSummaryResponse {
  @ApiProperty({ type: String, nullable: true })
  note: string | null;
  @ApiProperty({ description: 'whether they want to hear of offers' })
  acceptsMarketing: boolean;
  @ApiProperty({ description: 'whether their sign-in asks for a code, too' })
  hasTwoFactor: boolean;
  @ApiProperty({ type: [Money], description: 'what they paid and did not get back, per currency' })
  totalSpent: Money[];
  @ApiProperty({ type: [CustomerAddressResponse] })
  addresses: CustomerAddressResponse[];
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static override from(row: CustomerDetails): CustomerResponse {
    return {
      ...CustomerSummaryResponse.from(row),
      note: row.note,
      acceptsMarketing: row.acceptsMarketing,
      hasTwoFactor: row.hasTwoFactor,
      totalSpent: row.totalSpent,
      addresses: row.addresses.map((address) => CustomerAddressResponse.from(address)),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}
