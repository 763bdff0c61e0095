import { Id, ListQuery, OneOf, Opt, Time } from '#libs/http';
import { ACCOUNT_NAMES } from '../accounts.js';

/** Filters of the entries. */
export class LedgerEntryListQuery extends ListQuery {
  @OneOf(ACCOUNT_NAMES, Opt())
  account?: string;
  @Id('order', Opt())
  orderId?: string;
  @Id('payment', Opt())
  paymentId?: string;
  @Time(Opt())
  'createdAt[gte]'?: string;
  @Time(Opt())
  'createdAt[lte]'?: string;
}
