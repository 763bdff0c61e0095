import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';

const parameter = (name: string, description: string, schema: Record<string, unknown> = { type: 'string' }) =>
  ApiQuery({ name, required: false, description, schema: schema as never });

/** A parameter that takes several values: repeated, and where the description says so also separated by commas. */
const SEVERAL = { type: 'array', items: { type: 'string' } };

/** Documents the filters of the product list and of its facets. */
export function ProductFilterDocs(): MethodDecorator {
  return applyDecorators(
    parameter('q', 'words to search for, in any order; forgives typos', {
      type: 'string',
      minLength: 1,
      maxLength: 200,
    }),
    parameter('category', 'handle or id; several repeated or comma-separated; includes what lies below', SEVERAL),
    parameter('collection', 'handle or id; several repeated or comma-separated', SEVERAL),
    parameter('vendor', 'exact name, upper and lower case alike; several repeated', SEVERAL),
    parameter('productType', 'exact type, upper and lower case alike; several repeated', SEVERAL),
    parameter('price[gte]', 'lowest price at least this, in minor units of X-Currency', {
      type: 'integer',
      minimum: 0,
    }),
    parameter('price[lte]', 'lowest price at most this, in minor units of X-Currency', { type: 'integer', minimum: 0 }),
    parameter(
      'option.Color',
      '`option.<name>`: values of an option, repeated or comma-separated; any option works',
      SEVERAL,
    ),
    parameter(
      'attribute.roast',
      '`attribute.<key>`: values of an attribute that may be filtered by, repeated or comma-separated; of numbers also `attribute.<key>[gte]` and `[lte]`',
      SEVERAL,
    ),
    parameter('inStock', '`true`: only what can be bought now', { type: 'string', enum: ['true', 'false'] }),
  );
}

/** Documents sorting and paging of the product list. */
export function ProductListDocs(): MethodDecorator {
  return applyDecorators(
    ProductFilterDocs(),
    parameter(
      'sort',
      'price, title, createdAt, bestSelling, relevance (with q), comma-separated, each with `-` for descending; -createdAt when left out, relevance with q',
    ),
    parameter('limit', 'cards of a page', { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
    parameter('cursor', '`page.next` or `page.prev` of the answer before'),
    parameter('page', 'number of the page instead of a cursor', { type: 'integer', minimum: 1, maximum: 10000 }),
    parameter('include', '`total` counts all rows', { type: 'string', enum: ['total'] }),
  );
}
