import { formatMoney } from '#libs/money';
import type { DisputeOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

/** Tells the shop that a cardholder disputes a payment, or asks about it. */
export function disputeNotice(dispute: DisputeOfMail): MailContent {
  const due = dispute.evidenceDueAt?.toISOString().slice(0, 16).replace('T', ' ');
  const what = dispute.isInquiry
    ? `The bank asks about the payment of order ${dispute.orderNumber}. No money has moved yet.`
    : `The payment of order ${dispute.orderNumber} is disputed. The order is held back until the dispute is won.`;
  const task = due ? `Answer until ${due} UTC; without an answer the bank decides for the cardholder.` : null;
  const facts: [string, string][] = [
    ['Amount', formatMoney({ amount: dispute.amount, currency: dispute.currency })],
    ['Reason', dispute.reason.replaceAll('_', ' ')],
    ['Dispute', dispute.id],
  ];
  const title = dispute.isInquiry ? 'A bank asks about a payment' : 'A payment is disputed';
  return {
    subject: `${title}: order ${dispute.orderNumber}`,
    text: mailText([what, task, facts.map(([label, value]) => `${label}: ${value}`).join('\n'), dispute.shop.name]),
    html: mailHtml({
      shopName: dispute.shop.name,
      preview: what,
      title,
      paragraphs: task ? [what, task] : [what],
      body: factsTable(facts),
    }),
  };
}
