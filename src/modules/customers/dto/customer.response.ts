import { ApiProperty } from '@nestjs/swagger';
import { encodeId } from '#libs/ids';
import type { CustomerRow } from '../customers.query.js';

/** A mail is on its way. The same answer whether the address is known or not. */
export class MailSentResponse {
  @ApiProperty({ enum: ['mail_sent'] })
  status: 'mail_sent';
}

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
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}
