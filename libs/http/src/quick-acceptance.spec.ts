import 'reflect-metadata';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import {
  Country,
  Currency,
  Email,
  Flag,
  Handle,
  Id,
  Int32,
  MoneyAmount,
  Nested,
  ObjectArray,
  OneOf,
  Opt,
  StringArray,
  Text,
  Time,
  WebUrl,
} from './fields.js';
import { acceptQuickly } from './quick-acceptance.js';

class Place {
  @Text(10)
  city: string;
  @Country(Opt({ nullable: true }))
  country?: string | null;
}
class Piece {
  @Id('variant')
  variantId: string;
  @Int32(1, 9)
  quantity: number;
  @ObjectArray(() => Piece, 2, Opt())
  parts?: Piece[];
}
class Base {
  @Email(Opt({ nullable: true }))
  email?: string | null;
}
class Everything extends Base {
  @ObjectArray(() => Piece, 3, Opt({ min: 1 }))
  pieces?: Piece[];
  @Nested(() => Place, Opt({ nullable: true }))
  place?: Place | null;
  @Currency(Opt())
  currency?: string;
  @Handle(Opt())
  handle?: string;
  @WebUrl(Opt())
  url?: string;
  @Time(Opt())
  at?: string;
  @StringArray(2, 3, Opt())
  words?: string[];
  @MoneyAmount(Opt())
  amount?: number;
  @Flag(Opt())
  flag?: boolean;
  @OneOf(['a', 'b'], Opt())
  choice?: 'a' | 'b';
  @IsOptional()
  @IsString({ each: true })
  texts?: string[];
  @Transform(({ value, obj }) => (value === '7' ? 7 : (obj as { amount: unknown }).amount))
  @IsOptional()
  @IsInt()
  number?: number;
}

const slow = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  transform: true,
  stopAtFirstError: true,
  exceptionFactory: (errors) => new Error(JSON.stringify(errors)),
});
/** What class-transformer and class-validator make of it; undefined for what they refuse. */
const slowly = (metatype: new () => object, value: unknown): Promise<unknown> =>
  slow.transform(structuredClone(value), { type: 'body', metatype }).catch(() => undefined);

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    NaN,
    true,
    'x',
    [],
    {},
    [[]],
    [null],
    [1],
    ['a', 'b'],
    1e15,
    'toString',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Mostly what is right, sometimes anything. */
const or = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 24, arbitrary: right }, { weight: 1, arbitrary: odd });
const id = fc.constantFrom(
  'var_01jcxa8f1zewvr5v1k2v7y9x3m',
  'var_01jcxa8f1zewvr5v1k2v7y9x3n',
  'prod_01jcxa8f1zewvr5v1k2v7y9x3n',
);
const part = fc.record({ variantId: or(id), quantity: or(fc.integer({ min: 1, max: 9 })) });
const piece = fc.record(
  { variantId: or(id), quantity: or(fc.integer({ min: 1, max: 9 })), parts: or(fc.array(part, { maxLength: 2 })) },
  { requiredKeys: ['variantId', 'quantity'] },
);
const place = fc.record(
  { city: or(fc.constantFrom('Graz', 'Linz')), country: or(fc.constantFrom('AT', null)), zip: odd },
  { requiredKeys: ['city'] },
);
const field: Record<keyof Everything, fc.Arbitrary<unknown>> = {
  email: or(fc.constantFrom('ada@example.com', null, 'K@example.com')),
  pieces: or(fc.array(piece, { minLength: 1, maxLength: 3 })),
  place: or(fc.oneof(place, fc.constant(null))),
  currency: or(fc.constantFrom('USD', 'JPY')),
  handle: or(fc.constant('blue-shirt')),
  url: or(fc.constant('https://example.com/')),
  at: or(fc.constantFrom('2026-01-31T09:00:00Z', '2026-01-31')),
  words: or(fc.array(fc.constantFrom('a', 'abc'), { maxLength: 2 })),
  amount: or(fc.nat()),
  flag: or(fc.boolean()),
  choice: or(fc.constantFrom('a', 'b')),
  texts: or(fc.array(fc.string())),
  number: or(fc.constantFrom('7', 3)),
};
const bodies = fc.oneof(
  fc.record(field, { requiredKeys: [] }),
  fc.record({ ...field, unknown: odd, toString: odd, ['__proto__']: odd, constructor: odd }, { requiredKeys: [] }),
  odd,
);

describe('quick acceptance', () => {
  it('accepts only what class-validator accepts, as the same objects', async () => {
    let accepted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const quick = acceptQuickly(Everything, body);
        const known = await slowly(Everything, body);
        if (quick === undefined) {
          if (known === undefined) refused += 1;
          return;
        }
        accepted += 1;
        expect(quick).toBeInstanceOf(Everything);
        // Strict: the classes of what is inside, too.
        expect(isDeepStrictEqual(quick, known)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    // Both happen, or nothing was compared; of 3,000 some 200 are accepted.
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  it('accepts what is right and ordinary, and copies it', () => {
    const body = {
      email: 'ada@example.com',
      pieces: [{ variantId: 'var_01jcxa8f1zewvr5v1k2v7y9x3m', quantity: 2, parts: [] }],
      place: { city: 'Graz', country: null },
      words: ['a'],
    };
    const made = acceptQuickly(Everything, body)!;
    expect(made.pieces![0]).toBeInstanceOf(Piece);
    expect(made.pieces![0]!.variantId).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.place).toBeInstanceOf(Place);
    expect(made.words).toEqual(['a']);
    expect(made.words).not.toBe(body.words);
    expect(acceptQuickly(Everything, {})).toEqual({});
  });

  it('leaves alone what its decorators do not say in the usual words', () => {
    class Typed {
      @IsInt()
      @Type(() => Number)
      n: number;
    }
    class Untyped {
      @ValidateNested()
      place: Place;
    }
    class Grouped {
      @IsInt({ groups: ['g'] })
      n: number;
    }
    class Waiting {
      @IsInt({ validateIf: () => false })
      n: number;
    }
    class Bare {}
    for (const type of [Typed, Untyped, Grouped, Waiting, Bare, Object, String])
      expect(acceptQuickly<object>(type, { n: 1, place: { city: 'Graz' } })).toBeUndefined();
  });
});
