import { optionKeyOf } from '../product-draft.js';

/** A price list as a file has it; by name what other shops have under another id. */
export interface PriceListOfFile {
  /** uuid in the shop that wrote the file; null for a list that somebody thought of */
  id: string | null;
  name: string;
  /** ISO 4217 */
  currency: string;
  market: string | null;
  customerGroup: string | null;
  startsAt: Date | null;
  endsAt: Date | null;
  active: boolean;
  /** Another list of the file has its name: it is not found by that. */
  isOnlyById?: boolean;
}

/** A price of a list, with its variant by what files know of it. */
export interface PriceOfFile {
  handle: string;
  optionValues: string[];
  minQuantity: number;
  /** minor units of the currency of the list */
  amount: number;
}

/** A row of a file of price lists; without a price it tells of a list that has none. */
export interface PriceListRow {
  list: PriceListOfFile;
  price: PriceOfFile | null;
}

/** What became of a row, or why it was left out. */
export type SavedPriceListRow = 'created' | 'updated' | 'unchanged' | { reason: string };

/** What makes rows of a file belong to one list. */
export const listKeyOf = (list: PriceListOfFile): string =>
  JSON.stringify([list.id ?? null, list.name.toLowerCase(), list.currency]);

/** What makes rows of a list say the price of the same thing: the variant, as the shop tells variants apart, and from how many. */
export const priceKeyOf = ({ handle, optionValues, minQuantity }: PriceOfFile): string =>
  JSON.stringify([handle, optionKeyOf(optionValues), minQuantity]);
