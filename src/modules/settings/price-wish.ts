import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { InvalidHeader } from '#libs/errors';
import { isCountry, type Request, Throws } from '#libs/http';
import { isCurrency } from '#libs/money';

/** What a shopper says of where they are and how they wish to pay; null where they say nothing. */
export interface PriceWish {
  country: string | null;
  currency: string | null;
}

/** Reads X-Country and X-Currency. @throws invalid_header naming the one that is neither a country nor a currency */
export function priceWishOf(request: Request): PriceWish {
  return {
    country: headerOf(request, 'X-Country', isCountry, 'country', 'an ISO 3166 alpha-2 country code such as US'),
    currency: headerOf(request, 'X-Currency', isCurrency, 'currency', 'an ISO 4217 currency code such as USD'),
  };
}

function headerOf(
  { headers }: Request,
  name: 'X-Country' | 'X-Currency',
  isKnown: (value: unknown) => boolean,
  what: string,
  form: string,
): string | null {
  const value = headers[name.toLowerCase()];
  if (value === undefined || value === '') return null;
  if (typeof value === 'string' && isKnown(value)) return value;
  throw InvalidHeader({
    detail: `${name} must be ${form}.`,
    errors: [{ pointer: name, code: `unknown_${what}`, detail: `must be ${form}` }],
  });
}

/** Documents the two headers of a route whose prices depend on them. */
export function PriceWishHeaders(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'X-Country',
      required: false,
      description: 'where the shopper is: picks the market, see GET /v1/markets',
      schema: { type: 'string', pattern: '^[A-Z]{2}$', example: 'US' },
    }),
    ApiHeader({
      name: 'X-Currency',
      required: false,
      description: 'the currency of the prices; that of the market when left out',
      schema: { type: 'string', pattern: '^[A-Z]{3}$', example: 'USD' },
    }),
    Throws(InvalidHeader),
  );
}
