import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Overloaded, RateLimited } from '#libs/errors';
import { log } from '#libs/log';
import { EdgeRedis } from './edge-redis.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { Metrics } from './metrics.js';
import { RateLimits } from './rate-limits.js';

/** Probes and scrapes come every few seconds for ever: they are counted, not logged. */
const QUIET = /^\/(?:health\/|metrics)/;

/**
 * What every request goes through: rate limits, shedding of reads when this process cannot keep up, and afterwards its
 * line in the log and its place in the metrics. Call it before the application listens.
 */
export function registerEdgeHooks(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  const limits = app.get(RateLimits, { strict: false });
  const eventLoop = app.get(EventLoopDelay, { strict: false });
  const metrics = app.get(Metrics, { strict: false });
  app.get(EdgeRedis, { strict: false }).connect();
  limits.start();
  eventLoop.start();
  metrics.start();

  server.addHook('onRequest', (request, reply, done) => {
    const hit = limits.count(request);
    if (hit) {
      const resetSeconds = Math.ceil(hit.resetMs / 1000);
      reply
        .header('RateLimit-Limit', String(hit.limit))
        .header('RateLimit-Remaining', String(hit.remaining))
        .header('RateLimit-Reset', String(resetSeconds));
      if (!hit.isAllowed) {
        done(RateLimited({ detail: `At most ${hit.limit} a minute.`, retryAfterSeconds: Math.max(1, resetSeconds) }));
        return;
      }
    }
    if (eventLoop.isTooBusy && request.raw.method === 'GET' && request.raw.url!.startsWith('/v1/')) {
      done(Overloaded({ retryAfterSeconds: 2 }));
      return;
    }
    done();
  });

  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const ms = reply.elapsedTime;
    metrics.observeRequest(request.method, route, reply.statusCode, ms);
    if (!QUIET.test(route)) {
      const { method, id: requestId } = request;
      log.info('request.done', { requestId, method, route, status: reply.statusCode, ms: Math.round(ms * 10) / 10 });
    }
    done();
  });
}
