import { invalid } from '../api-error.js';
import { integer, type Range, range, string } from '../fields.js';

/** The parameters that every list takes. */
export const paging = { limit: integer(), starting_after: string(), ending_before: string() };
export const createdFilter = { created: range() };

interface Page {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
}

/** A page of Stripe's list envelope. @param items newest first, already filtered */
export function page<T extends { id: string }>(url: string, items: T[], params: Page): object {
  const limit = params.limit ?? 10;
  if (limit < 1 || limit > 100) {
    throw invalid(`Invalid integer: ${limit}; limit must be between 1 and 100`, {
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
  }
  const indexOf = (id: string, param: string): number => {
    const index = items.findIndex((item) => item.id === id);
    if (index < 0) throw invalid(`No such object: '${id}'`, { code: 'resource_missing', param });
    return index;
  };
  if (params.ending_before !== undefined) {
    const before = items.slice(0, indexOf(params.ending_before, 'ending_before'));
    return { object: 'list', data: before.slice(-limit), has_more: before.length > limit, url };
  }
  const after =
    params.starting_after === undefined ? items : items.slice(indexOf(params.starting_after, 'starting_after') + 1);
  return { object: 'list', data: after.slice(0, limit), has_more: after.length > limit, url };
}

/** Whether a time falls into `created[…]`. */
export const isWithin = (at: number, filter: Range | undefined): boolean =>
  filter === undefined ||
  ((filter.gt === undefined || at > filter.gt) &&
    (filter.gte === undefined || at >= filter.gte) &&
    (filter.lt === undefined || at < filter.lt) &&
    (filter.lte === undefined || at <= filter.lte));
