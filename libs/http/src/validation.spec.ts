import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import type { AppError } from '#libs/errors';
import { StrictValidationPipe } from './validation.js';

class Leaf {
  @IsString()
  name: string;
}
class Base {
  @IsInt()
  count: number;
}
class Tree extends Base {
  @ValidateNested({ each: true })
  @Type(() => Leaf)
  leaves: Leaf[];
}

const pipe = new StrictValidationPipe();
const check = (metatype: new () => object, value: unknown) => pipe.transform(value, { type: 'body', metatype });
/** The fields that are refused, with the reason. */
const refused = async (metatype: new () => object, value: unknown) => {
  const error = await Promise.resolve(check(metatype, value)).then(
    () => null,
    (e: AppError) => e,
  );
  return error && (error.details.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`).sort();
};

describe('validation', () => {
  it('looks at each object by the rules of its own class, the first time as later', async () => {
    for (let time = 0; time < 3; time += 1) {
      expect(await refused(Tree, { count: 1, leaves: [{ name: 'a' }, { name: 'b' }] })).toBeNull();
      expect(await refused(Tree, { count: 'x', leaves: [{ name: 'a' }, { name: 1 }] })).toEqual([
        '/count not_an_integer',
        '/leaves/1/name not_a_string',
      ]);
      // What the subclass allows is unknown to its base, and to what it holds.
      expect(await refused(Base, { count: 1, leaves: [] })).toEqual(['/leaves unknown_field']);
      expect(await refused(Tree, { count: 1, leaves: [{ name: 'a', count: 1 }] })).toEqual([
        '/leaves/0/count unknown_field',
      ]);
      expect(await refused(Base, { count: 1 })).toBeNull();
    }
  });
});
