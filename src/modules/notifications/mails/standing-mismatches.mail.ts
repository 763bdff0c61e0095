import type { StandingOfMail } from '../mail-data.query.js';
import { factsTable, mailHtml, mailText, type MailContent } from './layout.js';

/** Tells the shop of all that did not add up before, and still does not. */
export function standingNotice({ findings, count, reportId, shop }: StandingOfMail): MailContent {
  const title = 'Money that still does not add up';
  const what =
    count === 1
      ? 'One thing was found again that you were told of before. Nobody but a person can put it right.'
      : `${count} things were found again that you were told of before. Nobody but a person can put them right.`;
  const rest = count > findings.length ? `The report has all of them; these are the oldest ${findings.length}.` : null;
  const facts: [string, string][] = [
    ...findings.map(({ kind, subject, orderNumber, since }): [string, string] => [
      subject,
      [
        kind,
        ...(orderNumber === null ? [] : [`order ${orderNumber}`]),
        `since ${since.toISOString().slice(0, 10)}`,
      ].join(', '),
    ]),
    ['Report', `GET /v1/admin/reconciliations/${reportId}`],
  ];
  return {
    subject: `${title}: ${count}`,
    text: mailText([what, rest, facts.map(([label, value]) => `${label}: ${value}`).join('\n'), shop.name]),
    html: mailHtml({
      shopName: shop.name,
      preview: what,
      title,
      paragraphs: rest ? [what, rest] : [what],
      body: factsTable(facts),
    }),
  };
}
