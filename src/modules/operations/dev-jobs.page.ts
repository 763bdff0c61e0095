import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { html, htmlPage, PAGE_CSP } from '#libs/html';
import { QUEUES } from '#libs/jobs';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { JobsQuery } from './jobs.query.js';

/** `/dev/jobs`: the queues as a page, for people who develop. In production the route does not exist. */
@Injectable()
export class DevJobsPage implements OnModuleInit {
  constructor(
    @Inject(APP_CONFIG) private readonly config: Config,
    private readonly host: HttpAdapterHost,
    private readonly jobs: JobsQuery,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter?.getInstance() as FastifyInstance | undefined;
    // The worker and the command line have no HTTP server.
    if (this.config.production || typeof server?.get !== 'function') return;
    server.get('/dev/jobs', async (_request, reply) =>
      reply
        .header('Content-Security-Policy', PAGE_CSP)
        .header('Cache-Control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(await this.page()),
    );
  }

  private async page(): Promise<string> {
    const [recent, dead] = await Promise.all([
      this.jobs.list({ limit: 30 }),
      this.jobs.list({ limit: 30, state: 'dead' }),
    ]);
    const count = (queue: string, state: string) =>
      recent.summary.find((s) => s.queue === queue && s.state === state)?.count ?? 0;
    const rows = (jobs: typeof recent.data) =>
      jobs.map(
        (job) =>
          html`<tr>
            <td>${job.createdAt.slice(0, 19).replace('T', ' ')}</td>
            <td>${job.name}<br /><span class="soft">${job.id}</span></td>
            <td>${job.state === 'dead' ? html`<strong class="bad">dead</strong>` : job.state}</td>
            <td class="number">${job.attempts} of ${job.maxAttempts}</td>
            <td>${job.lastError}</td>
          </tr>`,
      );
    const table = (jobs: typeof recent.data) =>
      html`<div class="wide">
        <table>
          <thead>
            <tr>
              <th>Created (UTC)</th>
              <th>Job</th>
              <th>State</th>
              <th class="number">Tries</th>
              <th>Last error</th>
            </tr>
          </thead>
          <tbody>
            ${rows(jobs)}
          </tbody>
        </table>
      </div>`;
    return htmlPage(
      'Jobs – Emporium',
      html`<nav>
          <a href="/">Emporium</a> <a href="/dev/mailbox">Mailbox</a> <a href="/docs/admin#/Jobs">Admin API</a>
        </nav>
        <h1>Jobs</h1>
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th>Queue</th>
                <th class="number">Queued</th>
                <th class="number">Running</th>
                <th class="number">Done</th>
                <th class="number">Dead</th>
              </tr>
            </thead>
            <tbody>
              ${Object.keys(QUEUES).map(
                (queue) =>
                  html`<tr>
                    <td>${queue}</td>
                    ${['queued', 'running', 'done', 'dead'].map((state) => html`<td class="number">${count(queue, state)}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
        <h2>Dead letters</h2>
        ${dead.data.length > 0 ? table(dead.data) : html`<p class="soft">None.</p>`}
        <h2>Latest</h2>
        ${table(recent.data)}`,
    );
  }
}
