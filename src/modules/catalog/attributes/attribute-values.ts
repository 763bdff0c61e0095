import { type FieldError, ValidationFailed } from '#libs/errors';
import type { Queryable } from '#libs/database';

/** What the values of an attribute are. */
export const ATTRIBUTE_TYPES = ['text', 'number', 'boolean', 'choice'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

export type AttributeValue = string | number | boolean;

/** The values of a product by the key of the attribute. */
export type AttributeValues = Readonly<Record<string, AttributeValue>>;

/** What is to be said of a product from now on; null takes a value off. */
export type AttributeChanges = Readonly<Record<string, AttributeValue | null>>;

/** What must be known of an attribute to judge its values. */
export interface AttributeRule {
  key: string;
  type: AttributeType;
  choices: readonly string[];
}

export const ATTRIBUTE_KEY = /^[a-z][a-z0-9_]{0,49}$/;
export const MAX_ATTRIBUTE_TEXT = 255;
const MAX_NUMBER = 1_000_000_000_000;
/** More decimals would not survive being written as text. */
const MILLION = 1_000_000;

/** A number that is the same in JSON, as text and in filters. */
export function isAttributeNumber(value: number): boolean {
  return Math.abs(value) <= MAX_NUMBER && Math.round(value * MILLION) / MILLION === value;
}

/** The name of a choice as the shop writes it, whatever capitals it is given with. */
function choiceOf(rule: AttributeRule, value: string): string | undefined {
  return rule.choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
}

/** The value as it is kept, or what is wrong with it. */
function readValue(rule: AttributeRule, value: AttributeValue): { value: AttributeValue } | { wrong: string } {
  switch (rule.type) {
    case 'number':
      return typeof value === 'number' && isAttributeNumber(value)
        ? { value: value === 0 ? 0 : value }
        : { wrong: 'must be a number of at most 12 digits and 6 decimals' };
    case 'boolean':
      return typeof value === 'boolean' ? { value } : { wrong: 'must be true or false' };
    case 'choice': {
      const choice = typeof value === 'string' ? choiceOf(rule, value.trim()) : undefined;
      return choice === undefined ? { wrong: `must be one of ${rule.choices.join(', ')}` } : { value: choice };
    }
    case 'text': {
      const text = typeof value === 'string' ? value.trim() : '';
      return text === '' ? { wrong: `must be text of 1 to ${MAX_ATTRIBUTE_TEXT} characters` } : { value: text };
    }
  }
}

/** Pure: the values of a product after a change. @throws validation_failed naming each value that its attribute cannot have */
export function changedValues(
  before: AttributeValues,
  changes: AttributeChanges,
  rules: ReadonlyMap<string, AttributeRule>,
): AttributeValues {
  const after = new Map(Object.entries(before));
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(changes)) {
    const pointer = `/attributes/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const rule = rules.get(key);
    if (!rule) {
      errors.push({ pointer, code: 'unknown_attribute', detail: 'is no attribute of this shop' });
    } else if (value === null) {
      after.delete(key);
    } else {
      const read = readValue(rule, value);
      if ('value' in read) after.set(key, read.value);
      else errors.push({ pointer, code: 'invalid_value', detail: read.wrong });
    }
  }
  if (errors.length > 0) {
    const told = errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
    throw ValidationFailed({ detail: `${told.join('; ')}.`, errors });
  }
  return Object.fromEntries(after);
}

/**
 * The values of a product after a change. Take the lock of the category tree before, so that no attribute goes meanwhile.
 * @throws validation_failed naming each value that its attribute cannot have
 */
export async function applyAttributes(
  tx: Queryable,
  before: AttributeValues,
  changes: AttributeChanges,
): Promise<AttributeValues> {
  return changedValues(before, changes, await rulesOf(tx, Object.keys(changes)));
}

/** The same for all values of many products, with one statement, or none where nothing is said of any. */
export async function withKeptAttributes<T extends { attributes?: AttributeValues }>(
  tx: Queryable,
  drafts: readonly T[],
): Promise<T[]> {
  const keys = new Set(drafts.flatMap(({ attributes }) => Object.keys(attributes ?? {})));
  if (keys.size === 0) return [...drafts];
  const rules = await rulesOf(tx, [...keys]);
  return drafts.map((draft) =>
    draft.attributes ? { ...draft, attributes: changedValues({}, draft.attributes, rules) } : draft,
  );
}

async function rulesOf(tx: Queryable, keys: readonly string[]): Promise<Map<string, AttributeRule>> {
  const rules = await tx.query<AttributeRule>(
    `SELECT key, type, choices FROM attribute_definitions WHERE key = ANY($1::text[]) AND deleted_at IS NULL`,
    [keys],
  );
  return new Map(rules.map((rule) => [rule.key, rule]));
}

/** Key and value of an attribute as filters know them: `roast=dark`. */
export function attributeFilter(key: string, value: string): string {
  return `${key}=${value.toLowerCase()}`;
}
