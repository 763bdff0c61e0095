import { html, type HtmlPart } from '#libs/html';

/** The words of one mail, in both of its forms. */
export interface MailContent {
  subject: string;
  text: string;
  html: string;
}

const FONT = `font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`;
export const CELL = `${FONT};font-size:15px;line-height:22px;color:#1d2430`;
export const SOFT = `${FONT};font-size:13px;line-height:20px;color:#5b6675`;

/** What a mail to the shop is about, as a table of a few facts: a label and a value each. */
export const factsTable = (facts: readonly (readonly [label: string, value: string])[]): HtmlPart =>
  html`<table role="presentation" cellpadding="0" cellspacing="0" border="0">
    ${facts.map(
      ([label, value]) =>
        html`<tr>
          <td style="padding:2px 16px 2px 0;${CELL};color:#5b6675">${label}</td>
          <td style="padding:2px 0;${CELL}">${value}</td>
        </tr>`,
    )}
  </table>`;

/** Of the templates. It means nothing to who reads a mail, and is half of what it weighs. */
const INDENTATION = /\n\s+/g;

/** Mail programs know tables and inline styles, and little else. */
export function mailHtml(mail: {
  shopName: string;
  /** what lists of mail show beside the subject */
  preview: string;
  title: string;
  paragraphs: HtmlPart[];
  body?: HtmlPart;
  button?: { label: string; url: string };
}): string {
  const { button } = mail;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>${mail.title}</title>
      </head>
      <body style="margin:0;padding:0;background:#eef1f4">
        <div style="display:none;max-height:0;overflow:hidden">${mail.preview}</div>
        <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#eef1f4">
          <tr>
            <td align="center" style="padding:24px 12px">
              <table
                role="presentation"
                width="100%"
                cellpadding="0"
                cellspacing="0"
                border="0"
                style="max-width:600px;background:#ffffff;border-radius:8px"
              >
                <tr>
                  <td style="padding:24px 28px 0;${FONT};font-size:17px;font-weight:700;color:#1d2430">
                    ${mail.shopName}
                  </td>
                </tr>
                <tr>
                  <td style="padding:20px 28px 0;${FONT};font-size:24px;line-height:31px;font-weight:700;color:#1d2430">
                    ${mail.title}
                  </td>
                </tr>
                ${mail.paragraphs.filter(Boolean).map(
                  (text) =>
                    html`<tr>
                      <td style="padding:12px 28px 0;${CELL}">${text}</td>
                    </tr>`,
                )}
                ${
                  button
                    ? html`<tr>
                        <td style="padding:20px 28px 0">
                          <table role="presentation" cellpadding="0" cellspacing="0" border="0">
                            <tr>
                              <td style="border-radius:6px;background:#1d2430">
                                <a
                                  href="${button.url}"
                                  style="display:inline-block;padding:12px 22px;${FONT};font-size:15px;font-weight:600;color:#ffffff;text-decoration:none"
                                  >${button.label}</a
                                >
                              </td>
                            </tr>
                          </table>
                        </td>
                      </tr>`
                    : null
                }
                ${
                  mail.body
                    ? html`<tr>
                        <td style="padding:20px 28px 0">${mail.body}</td>
                      </tr>`
                    : null
                }
                <tr>
                  <td style="padding:28px">
                    <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
                      <tr>
                        <td style="border-top:1px solid #dfe3e8;padding-top:16px;${SOFT}">${mail.shopName}</td>
                      </tr>
                    </table>
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html> `
    .toString()
    .replace(INDENTATION, '\n');
}

/** Paragraphs of the text form, with an empty line between them and no line longer than mail allows. */
export function mailText(paragraphs: (string | null | undefined | false)[]): string {
  return `${paragraphs.filter(Boolean).join('\n\n')}\n`;
}
