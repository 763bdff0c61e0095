import type { FieldError } from '#libs/errors';
import { OptionLabelsRepeated } from '../catalog.errors.js';
import type { OptionLabels } from './texts.js';

/** Shoppers choose by these words, and so do filters: what is twice cannot be chosen. */
const keyOf = (text: string) => text.trim().toLowerCase();

/** Pure. @throws option_labels_repeated naming each option and value that is there twice, or is called as another one is */
export function assertApart(options: readonly OptionLabels[]): void {
  const errors = [
    ...repeated(options, 'name', ''),
    ...repeated(options, 'label', ''),
    ...options.flatMap(({ values }, i) => [
      ...repeated(values, 'value', `/${i}/values`),
      ...repeated(values, 'label', `/${i}/values`),
    ]),
  ];
  if (errors.length > 0) throw OptionLabelsRepeated({ errors });
}

function repeated<K extends string>(items: readonly Record<K, string>[], field: K, path: string): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const key = keyOf(item[field]);
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ pointer: `/options${path}/${i}/${field}`, code: 'repeated', detail: 'is that of another one already' }];
  });
}
