import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import { Flag, Int32, OneOf, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../../db/seed/well-known.js';
import type { AttributeDefinition } from '../entities/index.js';
import { ATTRIBUTE_KEY, ATTRIBUTE_TYPES, type AttributeType, MAX_ATTRIBUTE_TEXT } from './attribute-values.js';

const MAX_CHOICES = 200;
export const MAX_ATTRIBUTES = 100;

/** A new attribute. */
export class CreateAttributeRequest {
  @Text(50, {
    pattern: ATTRIBUTE_KEY,
    example: 'finish',
    description: 'what filters call it: `attribute.finish=Matt`; stays as it is',
  })
  key: string;
  @Text(100, { pattern: /\S/, example: 'Finish', description: 'what shoppers call it' })
  label: string;
  @OneOf(ATTRIBUTE_TYPES, { example: 'choice', description: 'stays as it is' })
  type: AttributeType;
  @StringArray(
    MAX_CHOICES,
    MAX_ATTRIBUTE_TEXT,
    Opt({ example: ['Matt', 'Glossy'], description: 'of `choice`: the values that it may have' }),
  )
  choices?: string[];
  @Flag(Opt({ example: true, description: 'whether shoppers may filter by it; true when left out' }))
  filterable?: boolean;
  @Flag(Opt({ example: true, description: 'whether facets count its values; as filterable when left out' }))
  facetable?: boolean;
  @Int32(
    0,
    1_000_000,
    Opt({ example: 30, description: 'product pages and facets show the lowest first; 0 when left out' }),
  )
  position?: number;
}

/** What is to be changed of an attribute; what is left out stays. */
export class UpdateAttributeRequest {
  @Text(100, Opt({ pattern: /\S/, example: 'Roast' }))
  label?: string;
  @StringArray(
    MAX_CHOICES,
    MAX_ATTRIBUTE_TEXT,
    Opt({ min: 1, example: ['Light', 'Medium', 'Dark'], description: 'all of them; none goes that a product has' }),
  )
  choices?: string[];
  @Flag(Opt({ example: true }))
  filterable?: boolean;
  @Flag(Opt({ example: true }))
  facetable?: boolean;
  @Int32(0, 1_000_000, Opt({ example: 10 }))
  position?: number;
}

/** An attribute as staff see it. */
export class AttributeResponse {
  @ApiProperty({ example: WELL_KNOWN.attributeId })
  id: string;
  @ApiProperty({ example: 'roast' })
  key: string;
  @ApiProperty({ example: 'Roast' })
  label: string;
  @ApiProperty({ enum: ATTRIBUTE_TYPES, example: 'choice' })
  type: AttributeType;
  @ApiProperty({ type: [String], example: ['Light', 'Medium', 'Dark'] })
  choices: string[];
  @ApiProperty()
  filterable: boolean;
  @ApiProperty()
  facetable: boolean;
  @ApiProperty({ type: 'integer' })
  position: number;
  @ApiProperty({ type: 'integer', description: 'as in the ETag' })
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;

  static from(row: AttributeDefinition): AttributeResponse {
    const { key, label, type, choices, filterable, facetable, position, version } = row;
    return {
      id: encodeId('attribute', row.id),
      key,
      label,
      type,
      choices,
      filterable,
      facetable,
      position,
      version,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

const isValue = (value: unknown) =>
  value === null ||
  typeof value === 'boolean' ||
  typeof value === 'number' ||
  (typeof value === 'string' && value.length <= MAX_ATTRIBUTE_TEXT);

function isAttributeObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MAX_ATTRIBUTES && entries.every(([key, one]) => key.length <= 50 && isValue(one));
}

/** `{ "roast": "Dark", "organic": true }`: values by the key of the attribute. What each may be, its attribute says. */
export function AttributesField(description: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      selfRequired: false,
      type: 'object',
      additionalProperties: {
        anyOf: [
          { type: 'string', maxLength: MAX_ATTRIBUTE_TEXT },
          { type: 'number' },
          { type: 'boolean' },
          { type: 'null' },
        ],
      } as never,
      maxProperties: MAX_ATTRIBUTES,
      description,
    }),
    ValidateIf((_object, value) => value !== undefined),
    ValidateBy({
      name: 'invalid_attributes',
      validator: {
        validate: isAttributeObject,
        defaultMessage: () =>
          `must be an object of texts of at most ${MAX_ATTRIBUTE_TEXT} characters, numbers, true, false or null by keys of attributes`,
      },
    }),
  );
}
