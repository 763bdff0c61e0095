import { type FieldError, InvalidParameter, UnknownParameter, ValidationFailed } from '#libs/errors';
import type { Queryable } from '#libs/database';
import type { CollectionRule } from '../collections/collection-rules.js';
import type { AttributeFilter } from '../product-filter.js';
import { type AttributeType, isAttributeNumber } from './attribute-values.js';

/**
 * Refuses filters by what the shop does not let shoppers filter by. One look at a small table, and none without such filters.
 * @throws unknown_parameter naming it; invalid_parameter for a range of what is no number
 */
export async function assertFilterable(db: Queryable, filters: readonly AttributeFilter[]): Promise<void> {
  if (filters.length === 0) return;
  const rows = await db.query<{ key: string; type: AttributeType }>(
    `SELECT key, type FROM attribute_definitions WHERE key = ANY($1::text[]) AND filterable AND deleted_at IS NULL`,
    [filters.map(({ key }) => key)],
  );
  const types = new Map(rows.map(({ key, type }) => [key, type]));
  for (const { key, gte, lte } of filters) {
    const type = types.get(key);
    const name = `attribute.${key}`;
    if (type === undefined) {
      const detail = 'is no attribute to filter by';
      throw UnknownParameter({
        detail: `There is no parameter "${name}" here.`,
        errors: [{ pointer: name, code: 'unknown_attribute', detail }],
      });
    }
    if (type !== 'number' && (gte !== undefined || lte !== undefined)) {
      const pointer = `${name}[${gte === undefined ? 'lte' : 'gte'}]`;
      const detail = 'is for attributes that are numbers';
      throw InvalidParameter({
        detail: `${pointer} ${detail}.`,
        errors: [{ pointer, code: 'not_allowed', detail }],
      });
    }
  }
}

/**
 * The rule of a collection with the numbers of attributes written as they are in filters. Take the lock of the category tree
 * before.
 * @throws validation_failed naming each condition on an attribute that the shop does not have, or that cannot be compared so
 */
export async function withKnownAttributes(tx: Queryable, rule: CollectionRule): Promise<CollectionRule> {
  const keys = rule.conditions.flatMap(({ field, attribute }) => (field === 'attribute' ? [attribute!] : []));
  if (keys.length === 0) return rule;
  const rows = await tx.query<{ key: string; type: AttributeType }>(
    `SELECT key, type FROM attribute_definitions WHERE key = ANY($1::text[]) AND deleted_at IS NULL`,
    [keys],
  );
  const types = new Map(rows.map(({ key, type }) => [key, type]));
  const errors: FieldError[] = [];
  const conditions = rule.conditions.map((condition, i) => {
    if (condition.field !== 'attribute') return condition;
    const wrong = (field: string, code: string, detail: string) => {
      errors.push({ pointer: `/rule/conditions/${i}/${field}`, code, detail });
      return condition;
    };
    const type = types.get(condition.attribute!);
    if (type === undefined) return wrong('attribute', 'unknown_attribute', 'is no attribute of this shop');
    if (type !== 'number')
      return condition.operator === 'gte' || condition.operator === 'lte'
        ? wrong('operator', 'not_allowed', 'must be is or is_not for an attribute that is no number')
        : condition;
    const value = Number(condition.value);
    return condition.value !== '' && isAttributeNumber(value)
      ? { ...condition, value: String(value) }
      : wrong('value', 'not_a_number', 'must be a number of at most 12 digits and 6 decimals');
  });
  if (errors.length > 0) throw ValidationFailed({ errors });
  return { ...rule, conditions };
}
