import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { encodeCursor, type KeysetPage } from '#libs/database';

const toNumber = ({ value }: { value: unknown }) =>
  typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;

/** Query parameters of every list. */
export class ListQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'rows of a page' })
  @IsOptional()
  @Transform(toNumber)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ type: String, description: '`page.next` or `page.prev` of the answer before' })
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  cursor?: string;

  @ApiPropertyOptional({ enum: ['total'], description: '`total` counts all rows' })
  @IsOptional()
  @IsIn(['total'])
  include?: 'total';
}

/** Where this page stands in its list. */
export interface Page {
  limit: number;
  next: string | null;
  prev: string | null;
  total?: number;
}

/**
 * Cuts the rows of a keyset query (which asked for `limit + 1`) into a page with its cursors.
 * @param valuesOf the sort values of a row, in the order of the keyset columns
 */
export function pageOf<R>(
  key: string,
  rows: R[],
  limit: number,
  keyset: KeysetPage,
  hasCursor: boolean,
  valuesOf: (row: R) => (string | number)[],
  total?: number,
): { rows: R[]; page: Page } {
  const more = rows.length > limit;
  const kept = more ? rows.slice(0, limit) : rows;
  if (keyset.backward) kept.reverse();
  const first = kept[0];
  const last = kept.at(-1);
  const hasNext = keyset.backward ? kept.length > 0 : more;
  const hasPrev = keyset.backward ? more : hasCursor && kept.length > 0;
  return {
    rows: kept,
    page: {
      limit,
      next: hasNext && last !== undefined ? encodeCursor(key, 'a', valuesOf(last)) : null,
      prev: hasPrev && first !== undefined ? encodeCursor(key, 'b', valuesOf(first)) : null,
      ...(total === undefined ? {} : { total }),
    },
  };
}
