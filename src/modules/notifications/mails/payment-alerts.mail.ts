import { formatMoney } from '#libs/money';
import type { PaymentAlertOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

interface Alert {
  title: string;
  what: string;
  task: string;
  facts: [string, string][];
}

/** A refund came back: the customer has no money yet, and waits. */
export function refundFailedNotice(
  order: PaymentAlertOfMail,
  refund: { amount: number; failure: string | null },
): MailContent {
  return alert(order, {
    title: 'A refund failed',
    what: `The refund of ${sum(order, refund.amount)} for order ${order.orderNumber} did not reach the customer. The money is back with you.`,
    task: 'Refund it again, or ask the customer for another way to pay it.',
    facts: [['Why', refund.failure?.replaceAll('_', ' ') ?? 'the bank did not say']],
  });
}

/** Money came that does not fit its order. */
export function paymentReviewNotice(
  order: PaymentAlertOfMail,
  money: { expected: number; received: number },
): MailContent {
  return alert(order, {
    title: 'A payment needs a decision',
    what: `What came for order ${order.orderNumber} is not what it costs. The order waits, and nothing of it is shipped.`,
    task: 'Accept what came, or reject it: then all of it goes back, and the order is canceled.',
    facts: [
      ['Expected', sum(order, money.expected)],
      // Of which currency, only Stripe can tell.
      ['Received', `${money.received} in minor units`],
    ],
  });
}

/** Held money will be lost tomorrow. */
export function holdExpiringNotice(
  order: PaymentAlertOfMail,
  hold: { amount: number; captureBefore: string },
): MailContent {
  return alert(order, {
    title: 'Held money is about to be lost',
    what: `The bank holds ${sum(order, hold.amount)} for order ${order.orderNumber}, and lets go of it at ${hold.captureBefore.slice(0, 16).replace('T', ' ')} UTC.`,
    task: 'Capture it before that, or cancel the order. Else the order is canceled by itself.',
    facts: [],
  });
}

/** Held money is lost, and goods are gone. */
export function holdLostNotice(order: PaymentAlertOfMail, hold: { amount: number }): MailContent {
  return alert(order, {
    title: 'Held money is lost',
    what: `The bank has let go of ${sum(order, hold.amount)} for order ${order.orderNumber}, of which something is shipped already.`,
    task: 'Nothing was charged. Ask the customer to pay in another way.',
    facts: [],
  });
}

const sum = (order: PaymentAlertOfMail, amount: number) => formatMoney({ amount, currency: order.currency });

function alert(order: PaymentAlertOfMail, { title, what, task, facts }: Alert): MailContent {
  const all: [string, string][] = [...facts, ['Order', order.orderId]];
  return {
    subject: `${title}: order ${order.orderNumber}`,
    text: mailText([what, task, all.map(([label, value]) => `${label}: ${value}`).join('\n'), order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: what,
      title,
      paragraphs: [what, task],
      body: factsTable(all),
    }),
  };
}
