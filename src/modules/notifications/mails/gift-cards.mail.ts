import { html } from '#libs/html';
import { formatMoney } from '#libs/money';
import type { GiftCardOfMail, OrderOfMail } from '../mail-data.query.js';
import { CELL, mailHtml, mailText, type MailContent, SOFT } from './layout.js';
import { type MailLinks, orderUrl } from './order-parts.js';

/** Sends the codes of the gift cards of an order, each with what is on it. */
export function giftCardsNotice(
  order: OrderOfMail,
  cards: readonly (Omit<GiftCardOfMail, 'id' | 'codeHash'> & { code: string })[],
  links: MailLinks,
): MailContent {
  const one = cards.length === 1;
  const subject = one ? 'Your gift card' : `Your ${cards.length} gift cards`;
  const news = `here ${one ? 'is your gift card' : 'are your gift cards'} of order ${order.number}. Whoever knows a code can pay with it: keep it like money, or give it away.`;
  const worth = ({ balance, currency, expiresAt }: (typeof cards)[number]) =>
    `${formatMoney({ amount: balance, currency })}${expiresAt ? ` · until ${expiresAt.toISOString().slice(0, 10)}` : ''}`;
  const url = orderUrl(order, links);
  return {
    subject,
    text: mailText([
      'Hello,',
      news,
      cards.map((card) => `${card.code}\n${worth(card)}`).join('\n\n'),
      `Your order: ${url}`,
      order.shop.name,
    ]),
    html: mailHtml({
      shopName: order.shop.name,
      // What a phone shows on its locked screen is no place for a code.
      preview: `Of order ${order.number}`,
      title: subject,
      paragraphs: [`Hello, ${news}`],
      button: { label: 'View your order', url },
      body: html`${cards.map(
        (card) =>
          html`<div style="padding:10px 0;border-bottom:1px solid #eef1f4;${CELL}">
            <strong style="font-family:monospace;font-size:18px">${card.code}</strong>
            <div style="${SOFT}">${worth(card)}</div>
          </div>`,
      )}`,
    }),
  };
}
