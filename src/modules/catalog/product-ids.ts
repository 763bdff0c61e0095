import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, ValidateBy } from 'class-validator';
import type { Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { decodeId, ID_PREFIXES } from '#libs/ids';

/** A list of ids of products, turned into their uuids. */
export function ProductIds(max: number, example: readonly string[]): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      type: 'array',
      items: { type: 'string', pattern: `^${ID_PREFIXES.product}_[0-7][0-9a-hjkmnp-tv-z]{25}$` },
      maxItems: max,
      example: [...example],
    }),
    Transform(({ value }) => (Array.isArray(value) ? value.map((id) => decodeId('product', id) ?? null) : value), {
      toClassOnly: true,
    }),
    IsArray(),
    ArrayMaxSize(max),
    ValidateBy({
      name: 'invalid_id',
      validator: {
        validate: (value) => Array.isArray(value) && !value.includes(null),
        defaultMessage: () => `each must be an id that begins with ${ID_PREFIXES.product}_`,
      },
    }),
  );
}

/** @throws validation_failed naming what is no product */
export async function assertProducts(tx: Tx, productIds: readonly string[]): Promise<void> {
  const found = await tx.query<{ id: string }>(`SELECT id FROM products WHERE id = ANY($1::uuid[])`, [productIds]);
  const known = new Set(found.map((row) => row.id));
  const errors = productIds.flatMap((one, i) =>
    known.has(one) ? [] : [{ pointer: `/productIds/${i}`, code: 'unknown_product', detail: 'is no product of ours' }],
  );
  if (errors.length > 0) throw ValidationFailed({ errors: errors.slice(0, 100) });
}
