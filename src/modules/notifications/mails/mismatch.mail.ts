import type { MismatchOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

/** After so many new ones in a day, the report tells the rest. */
export const MISMATCH_MAILS = 10;

/** What is wrong, by the kind of finding: all that need a person. */
export const MISMATCHES: Readonly<Record<string, string>> = {
  event_failed: 'Nobody could work on an event of Stripe, whatever was tried for three days. It is given up.',
  payment_differs: 'A payment is not here what it is at Stripe.',
  captured_without_order: 'Money came at Stripe, or is held there, that leads to no order.',
  money_of_canceled_order: 'An order is canceled, and its money has not gone back.',
  hold_not_released: 'The bank still holds money that the shop does not take: Stripe keeps refusing to let it go.',
  refund_differs: 'A refund is not here what it is at Stripe.',
  dispute_differs: 'A dispute is not here what it is at Stripe.',
  transaction_missing: 'Money moved at Stripe that is not in the ledger.',
  transaction_differs: 'A movement of money is not in the ledger what it is at Stripe.',
  ledger_differs: 'The ledger of a payment does not come to what Stripe has of it.',
  missing_at_provider: 'Stripe does not know something that it has done by our book.',
};

/** Tells the shop that its book of money and Stripe's do not agree, and that nobody but a person can put it right. */
export function mismatchNotice(mismatch: MismatchOfMail): MailContent {
  const title = 'Money that does not add up';
  const what = MISMATCHES[mismatch.kind] ?? 'Our book of money and Stripe’s do not agree.';
  const rest = (mismatch.place ?? 0) < MISMATCH_MAILS ? null : 'There may be more: the report has all of it.';
  const facts: [string, string][] = [
    ['About', mismatch.subject],
    ...(mismatch.orderNumber === null ? [] : [['Order', String(mismatch.orderNumber)] satisfies [string, string]]),
    ['Done about it', mismatch.action],
    ['Kind', mismatch.kind],
    ['Report', `GET /v1/admin/reconciliations/${mismatch.reportId}`],
  ];
  return {
    subject: `${title}: ${mismatch.subject}`,
    text: mailText([what, rest, facts.map(([label, value]) => `${label}: ${value}`).join('\n'), mismatch.shop.name]),
    html: mailHtml({
      shopName: mismatch.shop.name,
      preview: what,
      title,
      paragraphs: rest ? [what, rest] : [what],
      body: factsTable(facts),
    }),
  };
}
