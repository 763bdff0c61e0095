import { html } from '#libs/html';
import { formatMoney } from '#libs/money';
import type { GiftCardOfMail, OrderOfMail } from '../mail-data.query.js';
import { CELL, mailHtml, mailText, type MailContent, SOFT } from './layout.js';
import { type MailLinks, orderUrl } from './order-parts.js';

/** A card as mails show it. */
type Card = Pick<GiftCardOfMail, 'balance' | 'currency' | 'expiresAt'> & { code: string };

const worth = ({ balance, currency, expiresAt }: Card) =>
  `${formatMoney({ amount: balance, currency })}${expiresAt ? ` · until ${expiresAt.toISOString().slice(0, 10)}` : ''}`;
const textOf = (cards: readonly Card[]) => cards.map((card) => `${card.code}\n${worth(card)}`).join('\n\n');
const htmlOf = (cards: readonly Card[]) =>
  html`${cards.map(
    (card) =>
      html`<div style="padding:10px 0;border-bottom:1px solid #eef1f4;${CELL}">
        <strong style="font-family:monospace;font-size:18px">${card.code}</strong>
        <div style="${SOFT}">${worth(card)}</div>
      </div>`,
  )}`;

/**
 * Sends the codes of the gift cards of an order to its buyer, each with what is on it.
 * @param refusedBy the address that they were for, when it never took the mail
 */
export function giftCardsNotice(
  order: OrderOfMail,
  cards: readonly Card[],
  links: MailLinks,
  refusedBy?: string,
): MailContent {
  const one = cards.length === 1;
  const subject = one ? 'Your gift card' : `Your ${cards.length} gift cards`;
  const why = refusedBy === undefined ? '' : `${refusedBy} could not be reached by mail, so `;
  const news = `${why}here ${one ? 'is your gift card' : 'are your gift cards'} of order ${order.number}. Whoever knows a code can pay with it: keep it like money, or give it away.`;
  const url = orderUrl(order, links);
  return {
    subject,
    text: mailText(['Hello,', news, textOf(cards), `Your order: ${url}`, order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      // What a phone shows on its locked screen is no place for a code.
      preview: `Of order ${order.number}`,
      title: subject,
      paragraphs: [`Hello, ${news}`],
      button: { label: 'View your order', url },
      body: htmlOf(cards),
    }),
  };
}

/** Sends gift cards to whom they are given. They learn nothing of the order, and of nobody's address. */
export function giftCardsForYou(shopName: string, cards: readonly Card[]): MailContent {
  const one = cards.length === 1;
  const subject = one ? 'A gift card for you' : `${cards.length} gift cards for you`;
  const news = `somebody gives you ${one ? 'a gift card' : 'gift cards'} of ${shopName}. Whoever knows a code can pay with it: keep it like money.`;
  return {
    subject,
    text: mailText(['Hello,', news, textOf(cards), shopName]),
    html: mailHtml({
      shopName,
      preview: `Of ${shopName}`,
      title: subject,
      paragraphs: [`Hello, ${news}`],
      body: htmlOf(cards),
    }),
  };
}

/** Tells a buyer who keeps none of the cards that they are on their way. */
export function giftCardsSent(order: OrderOfMail, recipients: readonly string[], links: MailLinks): MailContent {
  const subject = 'Your gift cards are sent';
  const news = `the gift cards of order ${order.number} are sent to ${recipients.join(', ')}.`;
  const url = orderUrl(order, links);
  return {
    subject,
    text: mailText(['Hello,', news, `Your order: ${url}`, order.shop.name]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: `Of order ${order.number}`,
      title: subject,
      paragraphs: [`Hello, ${news}`],
      button: { label: 'View your order', url },
    }),
  };
}
