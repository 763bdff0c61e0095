import { type ArgumentMetadata, Injectable, type PipeTransform, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import { AppError, type FieldError, InvalidParameter, UnknownParameter, ValidationFailed } from '#libs/errors';
import { isReservedKey } from './json-body.js';
import { acceptQuickly } from './quick-acceptance.js';

/** class-validator's constraint names in the words of our API. */
const CODES: Record<string, string> = {
  whitelistValidation: 'unknown_field',
  isInt: 'not_an_integer',
  isString: 'not_a_string',
  isBoolean: 'not_a_boolean',
  isArray: 'not_an_array',
  isObject: 'not_an_object',
  min: 'too_small',
  max: 'too_large',
  minLength: 'too_short',
  maxLength: 'too_long',
  arrayMinSize: 'too_few',
  arrayMaxSize: 'too_many',
  isIn: 'not_allowed',
  isEmail: 'invalid_email',
  isNotEmpty: 'required',
  isDefined: 'required',
};

function flatten(errors: ValidationError[], prefix: string, separator: string): FieldError[] {
  return errors.flatMap((error) => {
    const at =
      separator === '/' ? `${prefix}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}` : error.property;
    const own = Object.entries(error.constraints ?? {})
      .slice(0, 1)
      .map(([name, message]): FieldError => {
        const missing = error.value === undefined && name !== 'whitelistValidation';
        return {
          pointer: at,
          code: missing ? 'required' : (CODES[name] ?? snakeCase(name)),
          detail: missing
            ? 'is required'
            : name === 'whitelistValidation'
              ? 'is not a field of this request'
              : message.replace(new RegExp(`^${error.property.replace(/[^\w]/g, '.')} `), ''),
        };
      });
    return [...own, ...flatten(error.children ?? [], at, separator)];
  });
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/**
 * class-validator asks for each object that it looks at what the rules of its class are, and goes through all classes that
 * there are to answer. The answer never changes once all classes are loaded, so it is remembered.
 */
function rememberRules(): void {
  const storage = getMetadataStorage();
  const find = storage.getTargetValidationMetadatas.bind(storage);
  type Rules = ReturnType<typeof find>;
  // Objects inside of others come with the name of the class around them as their schema.
  const known = new Map<string, WeakMap<object, Rules>>();
  storage.getTargetValidationMetadatas = (target, schema, always, strictGroups, groups) => {
    if (always || strictGroups || groups) return find(target, schema, always, strictGroups, groups);
    const ofSchema = known.get(schema ?? '') ?? new WeakMap<object, Rules>();
    known.set(schema ?? '', ofSchema);
    let rules = ofSchema.get(target);
    if (!rules) ofSchema.set(target, (rules = find(target, schema, always, strictGroups, groups)));
    return rules;
  };
  const group = storage.groupByPropertyName.bind(storage);
  const grouped = new WeakMap<Rules, ReturnType<typeof group>>();
  storage.groupByPropertyName = (rules) => {
    let groups = grouped.get(rules);
    if (!groups) grouped.set(rules, (groups = group(rules)));
    return groups;
  };
}
rememberRules();

/** class-transformer leaves out, without a word, what every object has already. */
function refuseReserved(query: unknown): void {
  const name = Object.keys(query ?? {}).find(isReservedKey);
  if (name === undefined) return;
  const detail = `There is no parameter "${name}" here.`;
  throw UnknownParameter({
    detail,
    errors: [{ pointer: name, code: 'unknown_parameter', detail: 'is not known here' }],
  });
}

/**
 * Validates bodies and queries against their DTO class: what is not declared is refused, nothing is converted behind the
 * back of the client, and each wrong field is named.
 */
@Injectable()
export class StrictValidationPipe implements PipeTransform {
  private readonly body = this.pipe((errors) => ValidationFailed({ errors: flatten(errors, '', '/').slice(0, 50) }));
  private readonly query = this.pipe((errors) => {
    const fields = flatten(errors, '', '.').slice(0, 50);
    const unknown = fields.find((field) => field.code === 'unknown_field');
    return unknown
      ? UnknownParameter({
          detail: `There is no parameter "${unknown.pointer}" here.`,
          errors: [{ ...unknown, code: 'unknown_parameter' }],
        })
      : InvalidParameter({ errors: fields });
  });

  private pipe(exceptionFactory: (errors: ValidationError[]) => AppError): ValidationPipe {
    return new ValidationPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      stopAtFirstError: true,
      exceptionFactory,
    });
  }

  /** Always a promise, so that nobody goes on with what is not validated yet. */
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom' || metadata.type === 'param') return value;
    if (metadata.type === 'query') refuseReserved(value);
    const { metatype } = metadata;
    const accepted = metatype && acceptQuickly(metatype as new () => object, value);
    if (accepted) return accepted;
    return (metadata.type === 'query' ? this.query : this.body).transform(value, metadata);
  }
}
