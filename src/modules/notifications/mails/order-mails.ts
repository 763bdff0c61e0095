import { html } from '#libs/html';
import { formatMoney } from '#libs/money';
import type { OrderOfMail, ParcelOfMail, RefundOfMail } from '../mail-data.query.js';
import { mailHtml, mailText, type MailContent } from './layout.js';
import {
  addressHtml,
  addressLines,
  linesHtml,
  linesText,
  type MailLinks,
  orderUrl,
  parcelHtml,
  parcelText,
  totalsHtml,
  totalsText,
} from './order-parts.js';

const greeting = (order: OrderOfMail) => {
  const name = order.shippingAddress?.firstName.trim();
  return name ? `Hello ${name},` : 'Hello,';
};

/** Thanks for an order that is to be fulfilled, with everything that was agreed. */
export function orderConfirmation(order: OrderOfMail, links: MailLinks): MailContent {
  const isUnpaid = order.paymentStatus === 'pending';
  const thanks = `thank you for your order. We have it, and get to work on it.`;
  const payment = isUnpaid
    ? `Still to be paid: ${formatMoney({ amount: order.total - order.creditTotal, currency: order.currency })}. We will be in touch about it.`
    : null;
  const url = orderUrl(order, links);
  return {
    subject: `Order ${order.number} is confirmed`,
    text: mailText([
      greeting(order),
      thanks,
      payment,
      `Order ${order.number}\n${'-'.repeat(30)}\n${linesText(order)}`,
      totalsText(order),
      order.shippingAddress && `Ships to:\n${addressLines(order.shippingAddress).join('\n')}`,
      `Your order: ${url}`,
      order.shop.name,
    ]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: `Thank you! ${order.lines.length === 1 ? order.lines[0]!.title : `${order.lines.length} products`}, ${formatMoney({ amount: order.total, currency: order.currency })}`,
      title: `Order ${order.number} is confirmed`,
      paragraphs: [`${greeting(order)} ${thanks}`, payment],
      button: { label: 'View your order', url },
      body: html`${linesHtml(order, links)}
        <div style="height:12px"></div>
        ${totalsHtml(order)}${order.shippingAddress ? addressHtml(order.shippingAddress) : null}`,
    }),
  };
}

/**
 * Leads whoever looks for an order back to it.
 * @param token opens the order for a day, to all that a guest may do with it; null where its owner has an account, and signs in
 */
export function orderFound(order: OrderOfMail, token: string | null, links: MailLinks): MailContent {
  const news = `you, or somebody who knows its number, looked for your order ${order.number} at ${order.shop.name}. Here it is.`;
  const how =
    token === null
      ? 'It belongs to your account: sign in to see it.'
      : 'The link works for a day. Whoever has it can do what you can: see the order, pay for it, cancel it and download its files. So do not pass this mail on. If it was not you who looked, do nothing: nothing was changed.';
  const url = token === null ? orderUrl(order, links) : `${orderUrl(order, links)}#token=${token}`;
  return {
    subject: `Your order ${order.number}`,
    text: mailText([greeting(order), news, `Your order: ${url}`, how, order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: `Your order ${order.number}`,
      title: `Your order ${order.number}`,
      paragraphs: [`${greeting(order)} ${news}`, how],
      button: { label: 'View your order', url },
    }),
  };
}

/** Tells that a parcel is on its way, what is in it and how to follow it. */
export function shipmentNotice(order: OrderOfMail, parcel: ParcelOfMail, links: MailLinks): MailContent {
  const inParcel = order.lines.flatMap((line) => {
    const quantity = parcel.lines.find((l) => l.lineId === line.id)?.quantity ?? 0;
    return quantity > 0 ? [{ line, quantity }] : [];
  });
  const isComplete = order.lines.every((line) => inParcel.some((p) => p.line === line && p.quantity === line.quantity));
  const news = isComplete ? 'your order is on its way.' : 'a part of your order is on its way.';
  const carrier = parcel.carrier ? `Carrier: ${parcel.carrier}` : null;
  const tracking = parcel.trackingNumber ? `Tracking number: ${parcel.trackingNumber}` : null;
  const url = orderUrl(order, links);
  return {
    subject: `Order ${order.number} is on its way`,
    text: mailText([
      greeting(order),
      news,
      [carrier, tracking].filter(Boolean).join('\n'),
      `In this parcel:\n${parcelText(inParcel)}`,
      order.shippingAddress && `Ships to:\n${addressLines(order.shippingAddress).join('\n')}`,
      `Your order: ${url}`,
      order.shop.name,
    ]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: tracking ?? `Order ${order.number}`,
      title: `Order ${order.number} is on its way`,
      paragraphs: [
        `${greeting(order)} ${news}`,
        carrier,
        parcel.trackingNumber ? html`Tracking number: <strong>${parcel.trackingNumber}</strong>` : null,
      ],
      button: { label: 'View your order', url },
      body: html`${parcelHtml(inParcel, links)}${order.shippingAddress ? addressHtml(order.shippingAddress) : null}`,
    }),
  };
}

/** Where refunded money is, for whoever looks for it. */
const WHERE: Readonly<Record<RefundOfMail['destination'], (refund: RefundOfMail) => string>> = {
  payment: () => 'It goes back the way you paid; your bank may take a few days to show it.',
  gift_card: ({ last4 }) => `It is back on your gift card that ends in ${last4}.`,
  store_credit: () => 'It is back in your store credit.',
};

/** Tells that money went back, and where to. */
export function refundNotice(order: OrderOfMail, refund: RefundOfMail, links: MailLinks): MailContent {
  const sum = formatMoney({ amount: refund.amount, currency: order.currency });
  const news = `we have refunded ${sum} of your order ${order.number}. ${WHERE[refund.destination](refund)}`;
  const url = orderUrl(order, links);
  return {
    subject: `${sum} refunded for order ${order.number}`,
    text: mailText([greeting(order), news, `Your order: ${url}`, order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: `Refund for order ${order.number}`,
      title: `We have refunded ${sum}`,
      paragraphs: [`${greeting(order)} ${news}`],
      button: { label: 'View your order', url },
    }),
  };
}

/** Tells that an order will not come, and what happens to the money. */
export function cancellationNotice(order: OrderOfMail, links: MailLinks): MailContent {
  const why =
    order.cancelReason === 'late_payment'
      ? 'your payment arrived after the goods were given to others, so we had to cancel your order.'
      : order.cancelReason === 'customer'
        ? 'your order is canceled, as you asked.'
        : 'your order is canceled.';
  const money =
    order.held > 0
      ? 'What you paid goes back the way you paid it; we write again when it is on its way.'
      : 'You have not been charged, or have your money back already.';
  const url = orderUrl(order, links);
  return {
    subject: `Order ${order.number} is canceled`,
    text: mailText([greeting(order), why, money, linesText(order), `Your order: ${url}`, order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: why,
      title: `Order ${order.number} is canceled`,
      paragraphs: [`${greeting(order)} ${why}`, money],
      button: { label: 'View your order', url },
      body: linesHtml(order, links),
    }),
  };
}
