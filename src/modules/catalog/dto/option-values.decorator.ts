import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';

const MAX_LENGTH = 255;

function isOptionValues(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= 3 &&
    entries.every(
      ([name, text]) =>
        name.length >= 1 &&
        name.length <= MAX_LENGTH &&
        typeof text === 'string' &&
        text.trim().length >= 1 &&
        text.length <= MAX_LENGTH,
    )
  );
}

/** `{ "Color": "Red", "Size": "M" }`: one value for each option of the product. */
export function OptionValues(options: { example?: Record<string, string> } = {}): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      selfRequired: false,
      type: 'object',
      additionalProperties: { type: 'string', minLength: 1, maxLength: MAX_LENGTH },
      maxProperties: 3,
      description: 'one value for each option of the product',
      ...options,
    }),
    ValidateIf((_object, value) => value !== undefined),
    ValidateBy({
      name: 'invalid_options',
      validator: {
        validate: isOptionValues,
        defaultMessage: () => `must be an object of at most 3 texts of 1 to ${MAX_LENGTH} characters`,
      },
    }),
  );
}
