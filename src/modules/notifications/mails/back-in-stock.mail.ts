import type { StockAlertOfMail } from '../mail-data.query.js';
import { mailHtml, mailText, type MailContent } from './layout.js';
import type { MailLinks } from './order-parts.js';

/** Tells somebody that what they wait for can be bought again. */
export function backInStock(alert: StockAlertOfMail, links: MailLinks): MailContent {
  const name = [alert.title, alert.variantTitle].filter(Boolean).join(' – ');
  const url = `${links.storefrontUrl}/products/${alert.handle}`;
  const news = `${name} is back in stock.`;
  const note =
    'This address was left with us to be told, once. If it was not you, there is nothing to do: no more mails about it will come.';
  return {
    subject: news.slice(0, -1),
    text: mailText([news, url, note, alert.shop.name]),
    html: mailHtml({
      shopName: alert.shop.name,
      preview: news,
      title: 'Back in stock',
      paragraphs: [news, note],
      button: { label: 'To the product', url },
    }),
  };
}
