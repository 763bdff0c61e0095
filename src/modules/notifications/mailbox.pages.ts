import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Db } from '#libs/database';
import { NotFound } from '#libs/errors';
import { html, htmlPage, PAGE_CSP, type SafeHtml } from '#libs/html';
import { APP_CONFIG, type Config } from '../../config/index.js';

interface MessageRow {
  id: number;
  message_id: string;
  recipient: string;
  subject: string;
  text_body: string;
  html_body: string;
  created_at: Date;
}

const LISTED = 200;

/** What a mail may do when it is looked at: show itself and its pictures. No script, no form, no way out of its frame. */
const MAIL_CSP = `sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;

/**
 * `/dev/mailbox`: the mail that would have been sent, for people; `/dev/mailbox.json` for scripts. In production these
 * routes do not exist.
 */
@Injectable()
export class MailboxPages implements OnModuleInit {
  constructor(
    @Inject(APP_CONFIG) private readonly config: Config,
    private readonly host: HttpAdapterHost,
    private readonly db: Db,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter?.getInstance() as FastifyInstance | undefined;
    // The worker and the command line have no HTTP server.
    if (this.config.production || typeof server?.get !== 'function') return;
    server.get<{ Querystring: { to?: string } }>('/dev/mailbox', async (request, reply) => {
      const to = only(request.query.to);
      return sendPage(reply, 'Mailbox – Emporium', listPage(await this.messages(to), to));
    });
    server.get<{ Querystring: { to?: string } }>('/dev/mailbox.json', async (request, reply) =>
      reply.header('Cache-Control', 'no-store').send((await this.messages(only(request.query.to))).map(toJson)),
    );
    server.get<{ Params: { id: string } }>('/dev/mailbox/:id', async (request, reply) => {
      const message = await this.message(request.params.id);
      return sendPage(reply, `${message.subject} – Mailbox`, messagePage(message));
    });
    server.get<{ Params: { id: string } }>('/dev/mailbox/:id/text', async (request, reply) => {
      const message = await this.message(request.params.id);
      return sendPage(reply, `${message.subject} – Mailbox`, textPage(message));
    });
    server.get<{ Params: { id: string } }>('/dev/mailbox/:id/html', async (request, reply) =>
      reply
        .header('Content-Security-Policy', MAIL_CSP)
        .header('X-Frame-Options', 'SAMEORIGIN')
        .header('Cache-Control', 'no-store')
        .type('text/html; charset=utf-8')
        .send((await this.message(request.params.id)).html_body),
    );
  }

  private messages(to: string | null): Promise<MessageRow[]> {
    return this.db.query<MessageRow>(
      `SELECT id, message_id, recipient, subject, text_body, html_body, created_at FROM mailbox
       WHERE $1::text IS NULL OR lower(recipient) = lower($1) ORDER BY id DESC LIMIT ${LISTED}`,
      [to],
    );
  }

  private async message(id: string): Promise<MessageRow> {
    const [row] = /^\d{1,15}$/.test(id)
      ? await this.db.query<MessageRow>(
          `SELECT id, message_id, recipient, subject, text_body, html_body, created_at FROM mailbox WHERE id = $1`,
          [id],
        )
      : [];
    if (!row) throw NotFound({ detail: 'There is no such message.' });
    return row;
  }
}

/** A parameter that was given twice comes as a list. */
const only = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const toJson = (row: MessageRow) => ({
  to: row.recipient,
  subject: row.subject,
  text: row.text_body,
  html: row.html_body,
  createdAt: row.created_at.toISOString(),
  messageId: row.message_id,
});

const minute = (date: Date) => date.toISOString().slice(0, 16).replace('T', ' ');

function listPage(messages: MessageRow[], to: string | null): SafeHtml {
  return html`<nav><a href="/">Emporium</a> <a href="/dev/jobs">Jobs</a> <a href="/dev/mailbox.json">JSON</a></nav>
    <h1>Mailbox</h1>
    <p class="soft">
      ${to ? html`Mail to ${to}. <a href="/dev/mailbox">Show all</a>` : 'What the shop has sent from this machine. Nothing leaves it while SMTP_URL is not set.'}
    </p>
    ${
      messages.length === 0
        ? html`<p>No mail yet. Place an order and look again.</p>`
        : html`<div class="wide">
            <table>
              <thead>
                <tr>
                  <th>Sent (UTC)</th>
                  <th>To</th>
                  <th>Subject</th>
                </tr>
              </thead>
              <tbody>
                ${messages.map(
                  (m) =>
                    html`<tr>
                      <td>${minute(m.created_at)}</td>
                      <td>${m.recipient}</td>
                      <td><a href="/dev/mailbox/${m.id}">${m.subject}</a></td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }`;
}

const head = (m: MessageRow) =>
  html`<h1>${m.subject}</h1>
    <dl>
      <dt>To</dt>
      <dd>${m.recipient}</dd>
      <dt>Sent</dt>
      <dd>${minute(m.created_at)} UTC</dd>
      <dt>Message-ID</dt>
      <dd><code>${m.message_id}</code></dd>
    </dl>`;

const messagePage = (m: MessageRow) =>
  html`<nav>
      <a href="/dev/mailbox">Mailbox</a> <strong>HTML</strong> <a href="/dev/mailbox/${m.id}/text">Plain text</a>
    </nav>
    ${head(m)}
    <p><iframe sandbox="allow-popups" src="/dev/mailbox/${m.id}/html" title="The mail as HTML"></iframe></p>`;

const textPage = (m: MessageRow) =>
  html`<nav><a href="/dev/mailbox">Mailbox</a> <a href="/dev/mailbox/${m.id}">HTML</a> <strong>Plain text</strong></nav>
    ${head(m)}
    <pre>${m.text_body}</pre>`;

function sendPage(reply: FastifyReply, title: string, body: SafeHtml): FastifyReply {
  return reply
    .header('Content-Security-Policy', PAGE_CSP)
    .header('Cache-Control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(htmlPage(title, body));
}
