import { html } from '#libs/html';
import type { DownloadOfMail, OrderOfMail } from '../mail-data.query.js';
import { CELL, mailHtml, mailText, type MailContent, SOFT } from './layout.js';
import { type MailLinks, orderUrl } from './order-parts.js';

/** Sends the links of the files of an order, each with how often and how long it works. */
export function downloadsNotice(
  order: OrderOfMail,
  files: readonly (DownloadOfMail & { url: string })[],
  links: MailLinks,
): MailContent {
  const news = 'your files are ready. The links are for you alone: please do not pass them on.';
  const until = (file: DownloadOfMail) =>
    `${file.title} · ${file.maxDownloads} downloads until ${file.expiresAt.toISOString().slice(0, 10)}`;
  const url = orderUrl(order, links);
  return {
    subject: `Your downloads of order ${order.number}`,
    text: mailText([
      'Hello,',
      news,
      files.map((file) => `${file.name}\n${until(file)}\n${file.url}`).join('\n\n'),
      `Your order: ${url}`,
      order.shop.name,
    ]),
    html: mailHtml({
      shopName: order.shop.name,
      preview: files.map((file) => file.name).join(', '),
      title: `Your downloads of order ${order.number}`,
      paragraphs: [`Hello, ${news}`],
      button: { label: 'View your order', url },
      body: html`${files.map(
        (file) =>
          html`<div style="padding:10px 0;border-bottom:1px solid #eef1f4;${CELL}">
            <a href="${file.url}">${file.name}</a>
            <div style="${SOFT}">${until(file)}</div>
          </div>`,
      )}`,
    }),
  };
}
