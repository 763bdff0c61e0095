import { html, type SafeHtml } from '#libs/html';
import { formatMoney } from '#libs/money';
import type { AddressOfMail, LineOfMail, OrderOfMail } from '../mail-data.query.js';
import { CELL, SOFT } from './layout.js';

/** Where the mails of an order lead, and where relative pictures are. */
export interface MailLinks {
  storefrontUrl: string;
  publicUrl: string;
}

/** The page of the order in the shop. */
export const orderUrl = (order: OrderOfMail, links: MailLinks) => `${links.storefrontUrl}/orders/${order.id}`;

const nameOf = (line: Pick<LineOfMail, 'title' | 'variantTitle'>) =>
  line.variantTitle ? `${line.title} (${line.variantTitle})` : line.title;

/** What is in so many bundles: `2 × Mug, 1 × Tray`; empty for what is none. */
const contentsOf = (line: LineOfMail, bundles: number, times = '×') =>
  (line.parts ?? []).map((part) => `${part.quantity * bundles} ${times} ${nameOf(part)}`).join(', ');

/** Lines with how many of each, and what they cost; the amounts add up to the subtotal. */
export function linesHtml(order: OrderOfMail, links: MailLinks): SafeHtml {
  return table(
    order.lines.map((line) => {
      const amount = formatMoney({ amount: line.quantity * line.unitPrice, currency: order.currency });
      const each = formatMoney({ amount: line.unitPrice, currency: order.currency });
      return html`<tr>
        ${picture(line, links)}
        <td style="padding:10px 12px 10px 0;border-bottom:1px solid #eef1f4;${CELL}">
          ${line.title}
          <div style="${SOFT}">${[line.variantTitle, line.sku].filter(Boolean).join(' · ')}</div>
          ${contentsHtml(line, 1)}
          <div style="${SOFT}">${line.quantity} × ${each}</div>
        </td>
        <td
          align="right"
          valign="top"
          style="padding:10px 0;border-bottom:1px solid #eef1f4;white-space:nowrap;${CELL}"
        >
          ${amount}
        </td>
      </tr>`;
    }),
  );
}

/** Lines with how many of each are in a parcel. */
export function parcelHtml(lines: { line: LineOfMail; quantity: number }[], links: MailLinks): SafeHtml {
  return table(
    lines.map(
      ({ line, quantity }) =>
        html`<tr>
          ${picture(line, links)}
          <td style="padding:10px 12px 10px 0;border-bottom:1px solid #eef1f4;${CELL}">
            ${nameOf(line)} ${contentsHtml(line, quantity)}
          </td>
          <td
            align="right"
            valign="top"
            style="padding:10px 0;border-bottom:1px solid #eef1f4;white-space:nowrap;${CELL}"
          >
            × ${quantity}
          </td>
        </tr>`,
    ),
  );
}

function contentsHtml(line: LineOfMail, bundles: number): SafeHtml | null {
  return line.parts && html`<div style="${SOFT}">${contentsOf(line, bundles)}</div>`;
}

function picture(line: LineOfMail, links: MailLinks): SafeHtml {
  const src = line.thumbnail && whole(line.thumbnail, links.publicUrl);
  return html`<td width="56" valign="top" style="padding:10px 12px 10px 0;border-bottom:1px solid #eef1f4">
    ${src ? html`<img src="${src}" width="56" height="56" alt="" style="display:block;border-radius:4px;object-fit:cover" />` : null}
  </td>`;
}

/** Where a picture is; null where that is no address. */
function whole(url: string, base: string): string | null {
  try {
    return new URL(url, base).href;
  } catch {
    return null;
  }
}

/** Subtotal, discount, shipping, tax, total and what credit pays of it, as rows of name and amount. */
export function totalRows(order: OrderOfMail): { label: string; amount: string }[] {
  const show = (amount: number) => formatMoney({ amount, currency: order.currency });
  const names = order.promotions.map(({ name, code }) => (code === null ? name : `${name}, ${code}`)).join('; ');
  return [
    { label: 'Subtotal', amount: show(order.subtotal) },
    ...(order.discountTotal > 0
      ? [{ label: names === '' ? 'Discount' : `Discount (${names})`, amount: `-${show(order.discountTotal)}` }]
      : []),
    {
      label: order.shippingMethod ? `Shipping (${order.shippingMethod})` : 'Shipping',
      amount: order.shippingTotal === 0 ? 'Free' : show(order.shippingTotal),
    },
    ...(order.isTaxIncluded ? [] : [{ label: 'Tax', amount: show(order.taxTotal) }]),
    { label: 'Total', amount: show(order.total) },
    ...(order.isTaxIncluded && order.taxTotal > 0 ? [{ label: 'Tax included', amount: show(order.taxTotal) }] : []),
    ...(order.creditTotal > 0
      ? [
          { label: 'Gift cards and store credit', amount: `-${show(order.creditTotal)}` },
          { label: 'Payment', amount: show(order.total - order.creditTotal) },
        ]
      : []),
  ];
}

/** The totals below the lines. */
export function totalsHtml(order: OrderOfMail): SafeHtml {
  return table(
    totalRows(order).map(({ label, amount }) => {
      const weight = label === 'Total' ? 'font-weight:700' : '';
      return html`<tr>
        <td style="padding:4px 0;${CELL};${weight}">${label}</td>
        <td align="right" style="padding:4px 0;white-space:nowrap;${CELL};${weight}">${amount}</td>
      </tr>`;
    }),
  );
}

const table = (rows: SafeHtml[]) =>
  html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
    ${rows}
  </table>`;

/** The address as it would stand on a parcel. */
export function addressLines(address: AddressOfMail): string[] {
  return [
    `${address.firstName} ${address.lastName}`,
    address.company,
    address.line1,
    address.line2,
    [address.city, address.state, address.postalCode].filter(Boolean).join(' '),
    countryName(address.country),
  ].filter((line): line is string => Boolean(line?.trim()));
}

/** The address under a small heading. */
export function addressHtml(address: AddressOfMail): SafeHtml {
  return html`<div style="padding-top:20px;${SOFT}">Ships to</div>
    ${addressLines(address).map((line) => html`<div style="${CELL}">${line}</div>`)}`;
}

const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
const countryName = (code: string) => (/^[A-Z]{2}$/.test(code) ? regions.of(code) : code);

/** The lines for people who read plain text. */
export function linesText(order: OrderOfMail): string {
  return order.lines
    .map(
      (line) =>
        `${line.quantity} x ${nameOf(line)}${line.parts ? ` (${contentsOf(line, 1, 'x')})` : ''}\n    ${formatMoney({ amount: line.quantity * line.unitPrice, currency: order.currency })}`,
    )
    .join('\n');
}

/** What is in a parcel, for people who read plain text. */
export const parcelText = (lines: { line: LineOfMail; quantity: number }[]) =>
  lines
    .map(
      ({ line, quantity }) =>
        `${quantity} x ${nameOf(line)}${line.parts ? ` (${contentsOf(line, quantity, 'x')})` : ''}`,
    )
    .join('\n');

/** The totals for people who read plain text. */
export const totalsText = (order: OrderOfMail) =>
  totalRows(order)
    .map(({ label, amount }) => `${label}: ${amount}`)
    .join('\n');
