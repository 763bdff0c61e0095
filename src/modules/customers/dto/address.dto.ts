import { ApiProperty } from '@nestjs/swagger';
import { Country, Flag, Opt, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { Address } from '../../cart/index.js';
import type { AddressRow } from '../addresses.service.js';

const SHIPPING = { description: 'whether it is proposed for parcels; takes that from the one before', example: true };
const BILLING = { description: 'whether it is proposed for invoices; takes that from the one before', example: true };

/** A new address. The first one is proposed for parcels and invoices unless it says otherwise. */
export class CreateAddressRequest extends Address {
  @Flag(Opt(SHIPPING))
  isDefaultShipping?: boolean;
  @Flag(Opt(BILLING))
  isDefaultBilling?: boolean;
}

/** Any subset of the fields of an address. */
export class UpdateAddressRequest {
  @Text(100, Opt({ example: 'Ada' }))
  firstName?: string;
  @Text(100, Opt({ example: 'Lovelace' }))
  lastName?: string;
  @Text(200, Opt({ nullable: true, example: null }))
  company?: string | null;
  @Text(200, Opt({ example: '1 Main Street' }))
  line1?: string;
  @Text(200, Opt({ nullable: true, example: null }))
  line2?: string | null;
  @Text(100, Opt({ example: 'Springfield' }))
  city?: string;
  @Text(100, Opt({ nullable: true, example: 'IL', description: 'state, province or county' }))
  state?: string | null;
  @Text(20, Opt({ example: '62701' }))
  postalCode?: string;
  @Country(Opt())
  country?: string;
  @Text(40, Opt({ nullable: true, example: null }))
  phone?: string | null;
  @Flag(Opt(SHIPPING))
  isDefaultShipping?: boolean;
  @Flag(Opt(BILLING))
  isDefaultBilling?: boolean;
}

/** The postal address of a request, without what it is used for. */
export function postalPart(request: UpdateAddressRequest): Partial<Address> {
  const { isDefaultShipping: _shipping, isDefaultBilling: _billing, ...address } = request;
  return address;
}

/** An address that a customer keeps. */
export class CustomerAddressResponse extends Address {
  @ApiProperty({ example: 'addr_01j4000000e008000000000001' })
  id: string;
  @ApiProperty()
  isDefaultShipping: boolean;
  @ApiProperty()
  isDefaultBilling: boolean;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(row: AddressRow): CustomerAddressResponse {
    const { firstName, lastName, company, line1, line2, city, state, postalCode, country, phone } = row.address;
    return {
      id: encodeId('address', row.id),
      firstName,
      lastName,
      company: company ?? null,
      line1,
      line2: line2 ?? null,
      city,
      state: state ?? null,
      postalCode,
      country,
      phone: phone ?? null,
      isDefaultShipping: row.isDefaultShipping,
      isDefaultBilling: row.isDefaultBilling,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}
