import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, MaxLength, MinLength, ValidateIf } from 'class-validator';
import { Flag, Int32, ListQuery, Nested, OneOf, Opt, Text, Time } from '#libs/http';
import { PROMOTION_CLASSES, type PromotionClass } from '../../pricing/index.js';
import { PromotionActionDto, PromotionConditionsDto } from './promotion-rule.dto.js';

const STATUSES = ['inactive', 'active', 'archived'] as const;
const NAME = { description: 'shown to shoppers', example: 'Ten percent for tea lovers', pattern: /\S/ };
const PRIORITY = { description: 'the lowest number comes first; 100 when left out', example: 100 };
const EXCLUSIVE = { description: 'never together with any other promotion' };
const LIMIT = { nullable: true, description: 'how many orders may use it; null: as many as want', example: 1000 };
const LIMIT_EACH = { nullable: true, description: 'how many orders of one customer, by account and e-mail address' };
const STARTS = { nullable: true, description: 'null: at once' };
const ENDS = { nullable: true, description: 'null: never' };

function Classes(): PropertyDecorator {
  const parts = [
    ApiProperty({
      enum: PROMOTION_CLASSES,
      isArray: true,
      required: false,
      example: ['order', 'shipping'],
      description:
        'the classes of promotions that it goes together with, if they want its own, too; none when left out',
    }),
    ValidateIf((_object: unknown, value: unknown) => value !== undefined),
    IsArray(),
    ArrayMaxSize(PROMOTION_CLASSES.length),
    IsIn([...PROMOTION_CLASSES], { each: true }),
  ];
  return (target, key) => parts.forEach((part) => part(target, key));
}

/** A new promotion. */
export class CreatePromotionRequest {
  @Text(200, NAME)
  name: string;
  @Text(2000, Opt({ min: 0, description: 'for staff' }))
  description?: string;
  @OneOf(['automatic', 'code'], {
    description: 'whether carts get it by themselves or by a code',
    example: 'automatic',
  })
  method: 'automatic' | 'code';
  @Text(64, Opt({ description: 'of `code`: its first code; more of them under `codes`' }))
  code?: string;
  @Flag(Opt({ description: 'whether it runs at once; false when left out', example: false }))
  active?: boolean;
  @Int32(0, 10_000, Opt(PRIORITY))
  priority?: number;
  @Flag(Opt(EXCLUSIVE))
  exclusive?: boolean;
  @Classes()
  combinesWith?: PromotionClass[];
  @Nested(() => PromotionConditionsDto, Opt())
  conditions?: PromotionConditionsDto;
  @Nested(() => PromotionActionDto)
  action: PromotionActionDto;
  @Time(Opt(STARTS))
  startsAt?: string | null;
  @Time(Opt(ENDS))
  endsAt?: string | null;
  @Int32(1, 1_000_000_000, Opt(LIMIT))
  maxUses?: number | null;
  @Int32(1, 1_000_000, Opt(LIMIT_EACH))
  maxUsesPerCustomer?: number | null;
}

/** What is to be changed; what is left out stays. `conditions` and `action` are replaced as a whole. */
export class UpdatePromotionRequest {
  @Text(200, Opt(NAME))
  name?: string;
  @Text(2000, Opt({ min: 0, description: 'for staff' }))
  description?: string;
  @Int32(0, 10_000, Opt(PRIORITY))
  priority?: number;
  @Flag(Opt(EXCLUSIVE))
  exclusive?: boolean;
  @Classes()
  combinesWith?: PromotionClass[];
  @Nested(() => PromotionConditionsDto, Opt())
  conditions?: PromotionConditionsDto;
  @Nested(() => PromotionActionDto, Opt())
  action?: PromotionActionDto;
  @Time(Opt(STARTS))
  startsAt?: string | null;
  @Time(Opt(ENDS))
  endsAt?: string | null;
  @Int32(1, 1_000_000_000, Opt(LIMIT))
  maxUses?: number | null;
  @Int32(1, 1_000_000, Opt(LIMIT_EACH))
  maxUsesPerCustomer?: number | null;
}

/** Filters of the list of promotions. */
export class PromotionListQuery extends ListQuery {
  @ApiPropertyOptional({ enum: STATUSES, description: 'all that are not archived when left out' })
  @IsOptional()
  @IsIn([...STATUSES])
  status?: (typeof STATUSES)[number];
  @ApiPropertyOptional({ enum: ['automatic', 'code'] })
  @IsOptional()
  @IsIn(['automatic', 'code'])
  method?: 'automatic' | 'code';
  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 200, description: 'part of the name' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  q?: string;
}

/** A new code of a promotion. */
export class CreatePromotionCodeRequest {
  @Text(64, { example: 'SPRING-26', description: 'letters, digits, - and _; capitals do not matter' })
  code: string;
  @Int32(
    1,
    1_000_000_000,
    Opt({ nullable: true, description: 'how many orders may use this code; null: no limit of its own' }),
  )
  maxUses?: number | null;
}

/** Codes that nobody can guess. */
export class GeneratePromotionCodesRequest {
  @Int32(1, 10_000, { example: 100 })
  count: number;
  @Text(
    20,
    Opt({ description: 'what all of them begin with', example: 'VIP-', pattern: /^[A-Za-z0-9][A-Za-z0-9_-]*$/ }),
  )
  prefix?: string;
  @Int32(
    1,
    1_000_000_000,
    Opt({ nullable: true, description: 'how many orders may use each; 1 when left out', example: 1 }),
  )
  maxUses?: number | null;
}
