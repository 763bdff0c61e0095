import { ApiProperty } from '@nestjs/swagger';
import { ValidationFailed, type FieldError } from '#libs/errors';
import { Currency, Flag, Handle, Nested, ObjectArray, OneOf, Opt, Text } from '#libs/http';
import { decodeId, encodeId, ID_PREFIXES } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import { ProductIds } from '../product-ids.js';
import {
  CONDITION_OPERATORS,
  type CollectionCondition,
  type CollectionRule,
  type ConditionField,
} from './collection-rules.js';
import type { CollectionRow } from './collections.query.js';

const FIELDS = Object.keys(CONDITION_OPERATORS) as ConditionField[];
const OPERATORS = [...new Set(Object.values(CONDITION_OPERATORS).flat())];
const SORTS = ['position', 'price', '-price', 'title', '-title', 'createdAt', '-createdAt', 'bestSelling'] as const;
const STATUSES = ['draft', 'active'] as const;
const COLLECTION_ID = 'coll_01j4000000e008000000000001';

/** One condition on a product. */
export class ConditionDto {
  @OneOf(FIELDS, { example: 'tag' })
  field: ConditionField;
  @OneOf(OPERATORS, {
    example: 'is',
    description:
      'is, is_not for tag, vendor, type, option and attribute; contains, not_contains for title; in, not_in for category; gte, lte for price and for attributes that are numbers',
  })
  operator: CollectionCondition['operator'];
  @Text(255, { example: 'sale', description: 'for category its id, for price minor units of `currency`' })
  value: string;
  @Text(255, Opt({ example: 'Color', description: 'of `option`: its name' }))
  option?: string;
  @Text(50, Opt({ example: 'roast', description: 'of `attribute`: its key' }))
  attribute?: string;
  @Currency(Opt({ description: 'of `price`' }))
  currency?: string;
}

/** What makes a product belong to a collection. */
export class RuleDto {
  @OneOf(['all', 'any'], { example: 'all' })
  match: 'all' | 'any';
  @ObjectArray(() => ConditionDto, 20, { min: 1, example: [{ field: 'tag', operator: 'is', value: 'gift' }] })
  conditions: ConditionDto[];
}

/** What search engines show. */
export class CollectionSeoDto {
  @Text(255, Opt({ nullable: true, example: 'Gifts for people who like coffee' }))
  title?: string | null;
  @Text(500, Opt({ nullable: true, example: null }))
  description?: string | null;
}

/** A new collection. */
export class CreateCollectionRequest {
  @Text(255, { example: 'Gifts under 30', pattern: /\S/ })
  title: string;
  @Handle(Opt({ description: 'made from the title when left out' }))
  handle?: string;
  @Text(20_000, Opt({ min: 0, example: '<p>Small things to give away.</p>' }))
  descriptionHtml?: string;
  @OneOf(STATUSES, Opt({ example: 'active', description: 'shoppers see active ones' }))
  status?: (typeof STATUSES)[number];
  @Nested(() => RuleDto, Opt({ nullable: true, description: 'null or left out: products are chosen by hand' }))
  rule?: RuleDto | null;
  @Flag(Opt({ example: false, description: 'show only what can be bought now' }))
  onlyAvailable?: boolean;
  @OneOf(SORTS, Opt({ example: 'price', description: 'position is the order by hand' }))
  sort?: (typeof SORTS)[number];
  @Nested(() => CollectionSeoDto, Opt())
  seo?: CollectionSeoDto;
}

/** What is to be changed of a collection; what is left out stays. */
export class UpdateCollectionRequest {
  @Text(255, Opt({ pattern: /\S/ }))
  title?: string;
  @Handle(Opt({ description: 'who comes by the old one is led to the new one' }))
  handle?: string;
  @Text(20_000, Opt({ min: 0 }))
  descriptionHtml?: string;
  @OneOf(STATUSES, Opt())
  status?: (typeof STATUSES)[number];
  @Nested(
    () => RuleDto,
    Opt({ nullable: true, description: 'a rule takes the place of what was chosen by hand; null empties' }),
  )
  rule?: RuleDto | null;
  @Flag(Opt({ example: true, description: 'show only what can be bought now' }))
  onlyAvailable?: boolean;
  @OneOf(SORTS, Opt({ example: '-price' }))
  sort?: (typeof SORTS)[number];
  @Nested(() => CollectionSeoDto, Opt())
  seo?: CollectionSeoDto;
}

/** The products of a collection, all of them, in their order. */
export class CollectionProductsRequest {
  @ProductIds(5000, [WELL_KNOWN.productId, WELL_KNOWN.secondProductId])
  productIds: string[];
}

/** A collection as shoppers see it. */
export class CollectionResponse {
  @ApiProperty({ example: COLLECTION_ID })
  id: string;
  @ApiProperty({ example: 'gifts-under-30' })
  handle: string;
  @ApiProperty({ example: 'Gifts under 30' })
  title: string;
  @ApiProperty()
  descriptionHtml: string;
  @ApiProperty({ type: CollectionSeoDto })
  seo: CollectionSeoDto;
  @ApiProperty({ enum: SORTS, description: 'the order of its products where you ask for none' })
  sort: string;
  @ApiProperty({ type: 'integer', description: 'that can be seen in this currency' })
  productCount: number;

  static from(row: CollectionRow): CollectionResponse {
    return {
      id: encodeId('collection', row.id),
      handle: row.handle,
      title: row.title,
      descriptionHtml: row.descriptionHtml,
      seo: { title: row.seoTitle, description: row.seoDescription },
      sort: row.sort,
      productCount: row.productCount,
    };
  }
}

/** A collection as staff see it. */
export class AdminCollectionResponse extends CollectionResponse {
  @ApiProperty({ enum: STATUSES })
  status: string;
  @ApiProperty({ type: RuleDto, nullable: true })
  rule: RuleDto | null;
  @ApiProperty()
  onlyAvailable: boolean;
  @ApiProperty({ type: 'integer', description: 'as in the ETag' })
  version: number;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static override from(row: CollectionRow): AdminCollectionResponse {
    return {
      ...CollectionResponse.from(row),
      status: row.status,
      rule: row.rule && {
        match: row.rule.match,
        conditions: row.rule.conditions.map((one) =>
          one.field === 'category' ? { ...one, value: encodeId('category', one.value) } : { ...one },
        ),
      },
      onlyAvailable: row.onlyAvailable,
      version: row.version,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

/** The products that were put in by hand. */
export class CollectionProductsResponse {
  @ApiProperty({ type: [String], example: [WELL_KNOWN.productId] })
  productIds: string[];
}

/** A rule as it is stored. @throws validation_failed, which names the condition that makes no sense */
export function toRule(rule: RuleDto): CollectionRule {
  const errors: FieldError[] = [];
  const conditions = rule.conditions.map((condition, i): CollectionCondition => {
    const wrong = (field: string, code: string, detail: string) =>
      errors.push({ pointer: `/rule/conditions/${i}/${field}`, code, detail });
    const { field, operator } = condition;
    const allowed: readonly string[] = CONDITION_OPERATORS[field];
    if (!allowed.includes(operator)) wrong('operator', 'not_allowed', `must be ${allowed.join(' or ')} for ${field}`);
    if (field === 'option' && !condition.option) wrong('option', 'required', 'is required for option');
    if (field === 'attribute' && !condition.attribute) wrong('attribute', 'required', 'is required for attribute');
    if (field === 'price' && !condition.currency) wrong('currency', 'required', 'is required for price');
    if (field === 'price' && !/^\d{1,11}$/.test(condition.value))
      wrong('value', 'not_an_integer', 'must be an amount in minor units');
    const categoryId = field === 'category' ? decodeId('category', condition.value) : null;
    if (field === 'category' && categoryId === null)
      wrong('value', 'invalid_id', `must be an id that begins with ${ID_PREFIXES.category}_`);
    return {
      field,
      operator,
      value: categoryId ?? condition.value.trim(),
      ...(field === 'option' && condition.option ? { option: condition.option.trim() } : {}),
      ...(field === 'attribute' && condition.attribute ? { attribute: condition.attribute } : {}),
      ...(field === 'price' && condition.currency ? { currency: condition.currency } : {}),
    };
  });
  if (errors.length > 0) throw ValidationFailed({ errors });
  return { match: rule.match, conditions };
}
