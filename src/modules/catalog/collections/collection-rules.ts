/** What a condition looks at, and how it may compare. */
export const CONDITION_OPERATORS = {
  tag: ['is', 'is_not'],
  vendor: ['is', 'is_not'],
  type: ['is', 'is_not'],
  title: ['contains', 'not_contains'],
  category: ['in', 'not_in'],
  option: ['is', 'is_not'],
  price: ['gte', 'lte'],
  attribute: ['is', 'is_not', 'gte', 'lte'],
} as const;

/** What a condition looks at. */
export type ConditionField = keyof typeof CONDITION_OPERATORS;

/** One condition of a rule, as it is stored. */
export interface CollectionCondition {
  field: ConditionField;
  operator: (typeof CONDITION_OPERATORS)[ConditionField][number];
  /** Text; for `category` a uuid, for `price` an amount in minor units. */
  value: string;
  /** of `option`: its name */
  option?: string;
  /** of `attribute`: its key */
  attribute?: string;
  /** of `price` */
  currency?: string;
}

/** What makes a product belong to a collection. */
export interface CollectionRule {
  /** Whether all conditions must hold, or any of them. */
  match: 'all' | 'any';
  conditions: readonly CollectionCondition[];
}

/** What rules look at in a product. */
export interface CollectionFacts {
  title: string;
  vendor: string;
  productType: string;
  tags: readonly string[];
  /** uuids of its categories, with all that are above them */
  categoryIds: readonly string[];
  /** `name=value` in lower case, of the variants that are offered */
  options: readonly string[];
  /** `key=value` in lower case */
  attributes: readonly string[];
  /** The lowest price by currency, in minor units. */
  prices: Readonly<Record<string, number>>;
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function holds(condition: CollectionCondition, facts: CollectionFacts): boolean {
  const { field, operator, value } = condition;
  switch (field) {
    case 'tag':
      return facts.tags.some((tag) => same(tag, value)) === (operator === 'is');
    case 'vendor':
      return same(facts.vendor, value) === (operator === 'is');
    case 'type':
      return same(facts.productType, value) === (operator === 'is');
    case 'title':
      return facts.title.toLowerCase().includes(value.toLowerCase()) === (operator === 'contains');
    case 'category':
      return facts.categoryIds.includes(value) === (operator === 'in');
    case 'option':
      return facts.options.includes(`${condition.option}=${value}`.toLowerCase()) === (operator === 'is');
    case 'attribute': {
      const start = `${condition.attribute}=`;
      const own = facts.attributes.find((one) => one.startsWith(start))?.slice(start.length);
      if (operator === 'is' || operator === 'is_not') return (own === value.toLowerCase()) === (operator === 'is');
      return own !== undefined && (operator === 'gte' ? Number(own) >= Number(value) : Number(own) <= Number(value));
    }
    case 'price': {
      const price = facts.prices[condition.currency!];
      // What has no price in this currency is neither cheap nor dear.
      return price !== undefined && (operator === 'gte' ? price >= Number(value) : price <= Number(value));
    }
  }
}

/** Whether a product belongs to a collection by its rule. Pure; upper and lower case are alike. */
export function belongs(rule: CollectionRule, facts: CollectionFacts): boolean {
  return rule.match === 'all'
    ? rule.conditions.every((condition) => holds(condition, facts))
    : rule.conditions.some((condition) => holds(condition, facts));
}
