import type { LowStockOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

/** Tells the shop that a variant is running out. */
export function lowStockNotice(stock: LowStockOfMail): MailContent {
  const name = [stock.title, stock.variantTitle].filter(Boolean).join(' – ');
  const news =
    stock.available > 0 ? `Only ${stock.available} left to sell of ${name}.` : `Nothing left to sell of ${name}.`;
  const facts: [string, string][] = [
    ['Available', String(stock.available)],
    ['On hand', String(stock.onHand)],
    ['Location', stock.location],
    ['SKU', stock.sku ?? '–'],
    ['Variant', stock.variantId],
    ['Product', stock.productId],
  ];
  return {
    subject: `Low stock: ${name}`,
    text: mailText([news, facts.map(([label, value]) => `${label}: ${value}`).join('\n'), stock.shop.name]),
    html: mailHtml({
      shopName: stock.shop.name,
      preview: news,
      title: 'Low stock',
      paragraphs: [news],
      body: factsTable(facts),
    }),
  };
}
