import { decodeId } from '#libs/ids';
import { isCurrency } from '#libs/money';
import type { PriceListRow } from '../../catalog/index.js';
import { readFlag, readPrice, readQuantity, readTime, type Reading } from './cell-values.js';
import type { Columns, Sheet } from './columns.js';
import type { CsvRow } from './csv-rows.js';
import { normalizeHandle } from './handles.js';
import { IssueList } from './issues.js';

const HEADERS = {
  id: ['Price List ID'],
  name: ['Price List'],
  currency: ['Currency'],
  market: ['Market'],
  customerGroup: ['Customer Group'],
  startsAt: ['Starts At'],
  endsAt: ['Ends At'],
  active: ['Active'],
  handle: ['Handle'],
  option1: ['Option1 Value'],
  option2: ['Option2 Value'],
  option3: ['Option3 Value'],
  minQuantity: ['Min Quantity'],
  price: ['Price'],
} as const;
type PriceListColumn = keyof typeof HEADERS;

export const PRICE_LIST_SHEET: Sheet<PriceListColumn> = {
  headers: HEADERS,
  required: ['name', 'handle', 'price'],
  what: 'a file of price lists',
};

/** What a row says of a price list and one of its prices. Without it the row is left out, and `errors` tells why. */
export interface ReadPriceListRow extends Pick<IssueList, 'errors' | 'warnings'> {
  row: PriceListRow | null;
}

const MAX_NAME = 100;
const MAX_PIECES = 9999;

/** @param currency of lists for which the file names none */
export function priceListFromRow(columns: Columns<PriceListColumn>, row: CsvRow, currency: string): ReadPriceListRow {
  const handle = normalizeHandle(columns.cell(row, 'handle'));
  const issues = new IssueList(handle);
  const cell = (column: PriceListColumn) => columns.cell(row, column);
  const value = <T>(column: PriceListColumn, reading: Reading<T>, otherwise: T): T => {
    if ('value' in reading) return reading.value;
    issues.error(row, `${columns.label(column)} ${reading.reason}.`);
    return otherwise;
  };
  if (columns.overflows(row))
    issues.error(row, 'the row has more fields than the header: a comma is probably not quoted.');
  const list = {
    id: value('id', readId(cell('id')), null),
    name: value('name', readName(cell('name')), ''),
    currency: value('currency', readCurrency(cell('currency') || currency), currency),
    market: cell('market') || null,
    customerGroup: cell('customerGroup') || null,
    startsAt: value('startsAt', readTime(cell('startsAt')), null),
    endsAt: value('endsAt', readTime(cell('endsAt')), null),
    active: value('active', readFlag(cell('active'), true), true),
  };
  if (list.startsAt && list.endsAt && list.endsAt <= list.startsAt)
    issues.error(row, `${columns.label('endsAt')} must be after ${columns.label('startsAt')}.`);
  const amount = value('price', readPrice(columns.number(row, 'price'), list.currency), 0);
  const minQuantity = value('minQuantity', readPieces(cell('minQuantity')), 1);
  if (handle !== null && amount === null) issues.error(row, `${columns.label('price')} is empty.`);
  if (handle === null && amount !== null) issues.error(row, `${columns.label('handle')} is empty.`);
  const optionValues = (['option1', 'option2', 'option3'] as const).map(cell).filter((option) => option !== '');
  const isWithoutOptions = optionValues.length === 1 && optionValues[0]!.toLowerCase() === 'default title';
  const { errors, warnings } = issues;
  if (errors.length > 0) return { row: null, errors, warnings };
  const price =
    handle === null
      ? null
      : { handle, optionValues: isWithoutOptions ? [] : optionValues, minQuantity, amount: amount! };
  return { row: { list, price }, errors, warnings };
}

function readId(text: string): Reading<string | null> {
  if (text === '') return { value: null };
  const id = decodeId('priceList', text);
  return id === null ? { reason: 'must be an id that begins with plist_, or empty' } : { value: id };
}

function readName(text: string): Reading<string> {
  if (text === '') return { reason: 'is empty' };
  return text.length > MAX_NAME ? { reason: `is longer than ${MAX_NAME} characters` } : { value: text };
}

function readCurrency(text: string): Reading<string> {
  const code = text.toUpperCase();
  return isCurrency(code) ? { value: code } : { reason: 'must be an ISO 4217 currency code such as USD' };
}

function readPieces(text: string): Reading<number> {
  const reading = readQuantity(text);
  if ('reason' in reading) return reading;
  const pieces = reading.value ?? 1;
  return pieces < 1 || pieces > MAX_PIECES ? { reason: `must be from 1 to ${MAX_PIECES}` } : { value: pieces };
}
