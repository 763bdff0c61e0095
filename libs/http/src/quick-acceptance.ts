import { type TransformFnParams, TransformationType } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, type ValidationArguments } from 'class-validator';

type Class = new () => object;
type Plain = Record<string, unknown>;
type Rules = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>;

/** A rule that a value must keep. */
interface Check {
  validate: (value: unknown, args: ValidationArguments) => unknown;
  each: boolean;
  constraints: unknown[];
}

/** What the decorators of one property say. */
interface Field {
  name: string;
  transforms: ((params: TransformFnParams) => unknown)[];
  /** Unless all of them hold, nothing of the property is checked. */
  conditions: ((object: object, value: unknown) => unknown)[];
  checks: Check[];
  nested: Class | null;
}

/** What the decorators of a class say, in the order in which class-validator goes through it. */
interface Shape {
  fields: Field[];
  byName: Map<string, Field>;
}

const KNOWN_KINDS = new Set(['customValidation', 'conditionalValidation', 'nestedValidation', 'whitelistValidation']);
const shapes = new WeakMap<Class, Shape | { fields: null }>();

/**
 * What class-transformer and class-validator make of a body that is right, by the same decorators and the same rules, without
 * looking them up for each object and without a report of what is right. It only ever accepts: whatever is wrong or unusual
 * is left to the two.
 * @returns an object of the class; undefined when they have to look at it
 */
export function acceptQuickly<T extends object>(type: new () => T, plain: unknown): T | undefined {
  const shape = shapeOf(type);
  if (!shape || !isPlain(plain)) return undefined;
  const object = new type() as T & Plain;
  for (const key of Object.keys(plain)) {
    const field = shape.byName.get(key);
    if (!field) return undefined;
    let value = copied(field, plain[key]);
    if (value === undefined) return undefined;
    for (const transform of field.transforms)
      value = transform({ value, key, obj: plain, type: TransformationType.PLAIN_TO_CLASS, options: {} });
    (object as Plain)[key] = value;
  }
  return shape.fields.every((field) => isKept(field, object, type.name)) ? object : undefined;
}

/** A value of a body as class-transformer copies it; undefined for what it would do something more with. */
function copied({ nested }: Field, value: unknown): unknown {
  if (typeof value !== 'object') return isBare(value) ? value : undefined;
  if (value === null) return null;
  if (!Array.isArray(value)) return nested ? acceptQuickly(nested, value) : undefined;
  const items: unknown[] = [];
  for (const item of value as unknown[]) {
    const copy = nested ? acceptQuickly(nested, item) : isBare(item) ? item : undefined;
    if (copy === undefined) return undefined;
    items.push(copy);
  }
  return items;
}

const isBare = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** As JSON is read: nothing that a class made. Queries are of a class of their parser, and take the other way. */
function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const made: unknown = Object.getPrototypeOf(value);
  return made === Object.prototype || made === null;
}

function isKept(field: Field, object: Plain, targetName: string): boolean {
  const { name, conditions, checks, nested } = field;
  const value = object[name];
  for (const condition of conditions) if (!condition(object, value)) return true;
  for (const { validate, each, constraints } of checks) {
    const args = { targetName, property: name, object, value, constraints };
    const values: unknown[] = each && Array.isArray(value) ? value : [value];
    // Not merely truthy: a promise would be, too.
    for (const one of values) if (validate(one, args) !== true) return false;
  }
  // What is inside of it has been accepted; a text or null instead of it has not.
  return !nested || value === undefined || (typeof value === 'object' && value !== null);
}

/** @returns null where the decorators say something that this file does not know */
function shapeOf(type: Class): Shape | null {
  let known = shapes.get(type);
  if (!known) shapes.set(type, (known = read(type) ?? { fields: null }));
  return known.fields && known;
}

function read(type: Class): Shape | null {
  const storage = getMetadataStorage();
  // The empty name of a schema is that of none.
  const rules = storage.getTargetValidationMetadatas(type, '', false, false);
  const isExposed = defaultMetadataStorage.getExposedMetadatas(type).length > 0;
  const isOrdinary = defaultMetadataStorage.getStrategy(type) === 'none';
  if (rules.length === 0 || !isOrdinary || isExposed || defaultMetadataStorage.getExcludedMetadatas(type).length > 0)
    return null;
  const fields = Object.entries(storage.groupByPropertyName(rules)).map(([name, own]) => readField(type, name, own));
  if (fields.some((field) => field === null)) return null;
  const all = fields.filter((field) => field !== null);
  return { fields: all, byName: new Map(all.map((field) => [field.name, field])) };
}

function readField(type: Class, name: string, rules: Rules): Field | null {
  const isKnown = rules.every((rule) => KNOWN_KINDS.has(rule.type) && !rule.validateIf && !rule.groups?.length);
  if (!isKnown || name in (type.prototype as object)) return null;
  const isNested = rules.some((rule) => rule.type === 'nestedValidation');
  const typed = defaultMetadataStorage.findTypeMetadata(type, name);
  // Only what is both made of a class and validated by it is looked into.
  if (isNested !== (typed !== undefined) || typed?.options.discriminator) return null;
  const transforms = defaultMetadataStorage.findTransformMetadatas(type, name, TransformationType.PLAIN_TO_CLASS);
  if (
    transforms.some(
      ({ options }) => options.groups?.length || options.since !== undefined || options.until !== undefined,
    )
  )
    return null;
  const checks = rules.filter((rule) => rule.type === 'customValidation').flatMap(checksOf);
  return checks.includes(null)
    ? null
    : {
        name,
        transforms: transforms.map(({ transformFn }) => transformFn),
        conditions: rules.flatMap((rule) =>
          rule.type === 'conditionalValidation' ? [rule.constraints[0] as Field['conditions'][number]] : [],
        ),
        checks: checks.filter((check) => check !== null),
        nested: typed ? (typed.typeFunction() as Class) : null,
      };
}

function checksOf({ constraintCls, each, constraints }: Rules[number]): (Check | null)[] {
  const found = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  return found.map(({ async, instance }): Check | null =>
    async
      ? null
      : { validate: (value, args) => instance.validate(value, args), each, constraints: constraints as unknown[] },
  );
}
