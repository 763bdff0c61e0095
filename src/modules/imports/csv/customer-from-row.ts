import { readList } from '#libs/csv';
import { AppError } from '#libs/errors';
import { StrictValidationPipe } from '#libs/http';
import { CustomerOfFile } from '../../customers/index.js';
import { readFlag } from './cell-values.js';
import type { Columns, Sheet } from './columns.js';
import type { CsvRow } from './csv-rows.js';
import { IssueList } from './issues.js';

const HEADERS = {
  email: ['Email', 'E-mail'],
  firstName: ['First Name'],
  lastName: ['Last Name'],
  phone: ['Phone'],
  acceptsMarketing: ['Accepts Email Marketing', 'Accepts Marketing'],
  addressFirstName: ['Default Address First Name'],
  addressLastName: ['Default Address Last Name'],
  company: ['Default Address Company', 'Company'],
  line1: ['Default Address Address1', 'Address1'],
  line2: ['Default Address Address2', 'Address2'],
  city: ['Default Address City', 'City'],
  state: ['Default Address Province Code', 'Province Code'],
  country: ['Default Address Country Code', 'Country Code'],
  postalCode: ['Default Address Zip', 'Zip'],
  addressPhone: ['Default Address Phone'],
  note: ['Note'],
  tags: ['Tags'],
  groups: ['Customer Groups'],
} as const;
type CustomerColumn = keyof typeof HEADERS;

export const CUSTOMER_SHEET: Sheet<CustomerColumn> = {
  headers: HEADERS,
  required: ['email'],
  what: 'a file of customers',
};

/** What a row says of a customer. Without one it cannot be imported, and `errors` tells why. */
export interface ReadCustomer extends Pick<IssueList, 'errors' | 'warnings'> {
  customer: CustomerOfFile | null;
}

const validation = new StrictValidationPipe();

/**
 * Turns a row into a customer, by the rules of the API; a blank address is none.
 * @param groupIds uuids of customer groups by their names in lower case
 */
export async function customerFromRow(
  columns: Columns<CustomerColumn>,
  row: CsvRow,
  groupIds: ReadonlyMap<string, string>,
): Promise<ReadCustomer> {
  const issues = new IssueList(null);
  const text = (column: CustomerColumn) => (columns.has(column) ? columns.cell(row, column) : undefined);
  const orNull = (column: CustomerColumn) => text(column) && columns.cell(row, column);
  if (columns.overflows(row))
    issues.error(row, 'the row has more fields than the header: a comma is probably not quoted.');
  const consent = readFlag(columns.cell(row, 'acceptsMarketing'), false);
  if ('reason' in consent) issues.error(row, `${columns.label('acceptsMarketing')} ${consent.reason}.`);
  const groups = readList(columns.cell(row, 'groups'));
  if (groups === null) issues.error(row, `${columns.label('groups')} has a quotation mark that is never closed.`);
  for (const name of groups ?? [])
    if (!groupIds.has(name.toLowerCase())) issues.error(row, `there is no customer group "${name}".`);
  const hasAddress = (['line1', 'city', 'postalCode', 'country'] as const).some(
    (column) => columns.cell(row, column) !== '',
  );
  const given = {
    email: columns.cell(row, 'email'),
    firstName: text('firstName'),
    lastName: text('lastName'),
    phone: columns.has('phone') ? columns.cell(row, 'phone') || null : undefined,
    acceptsMarketing: columns.has('acceptsMarketing') && 'value' in consent ? consent.value : undefined,
    note: columns.has('note') ? columns.cell(row, 'note') || null : undefined,
    tags: columns.has('tags') ? (readList(columns.cell(row, 'tags')) ?? [columns.cell(row, 'tags')]) : undefined,
    groupIds: columns.has('groups')
      ? (groups ?? []).flatMap((name) => groupIds.get(name.toLowerCase()) ?? [])
      : undefined,
    address: hasAddress
      ? {
          firstName: columns.cell(row, 'addressFirstName') || columns.cell(row, 'firstName'),
          lastName: columns.cell(row, 'addressLastName') || columns.cell(row, 'lastName'),
          company: orNull('company') || null,
          line1: columns.cell(row, 'line1'),
          line2: orNull('line2') || null,
          city: columns.cell(row, 'city'),
          state: orNull('state') || null,
          postalCode: columns.cell(row, 'postalCode'),
          country: columns.cell(row, 'country').toUpperCase(),
          phone: orNull('addressPhone') || null,
        }
      : undefined,
  };
  const { errors, warnings } = issues;
  const customer = await validated(given, (field, detail) =>
    issues.error(row, `${labelOf(columns, field)} ${detail}.`),
  );
  return { customer: errors.length > 0 ? null : customer, errors, warnings };
}

/** A field that is left out is not a field that is undefined. */
async function validated(
  given: object,
  onError: (field: string, detail: string) => void,
): Promise<CustomerOfFile | null> {
  const plain: unknown = JSON.parse(JSON.stringify(given));
  try {
    return (await validation.transform(plain, { type: 'body', metatype: CustomerOfFile })) as CustomerOfFile;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    for (const { pointer, detail } of error.details.errors ?? []) onError(pointer, detail);
    return null;
  }
}

/** `/address/line1` as the file calls it. */
function labelOf(columns: Columns<CustomerColumn>, pointer: string): string {
  const path = pointer.split('/').slice(1);
  const field = path.at(-1)!;
  const own =
    path.length === 1
      ? field
      : ({ firstName: 'addressFirstName', lastName: 'addressLastName', phone: 'addressPhone' }[field] ?? field);
  return Object.hasOwn(HEADERS, own) ? columns.label(own as CustomerColumn) : field;
}
