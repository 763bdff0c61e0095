import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Overloaded } from '#libs/errors';
import { log } from '#libs/log';
import { StorefrontKeys } from '../auth/index.js';
import { EdgeRedis } from './edge-redis.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { tellOfLimit } from './limit-headers.js';
import { Metrics } from './metrics.js';
import { RateLimits } from './rate-limits.js';

/** Probes and scrapes come every few seconds for ever: they are counted, not logged. */
const QUIET = /^\/(?:health\/|metrics)/;

/**
 * What every request goes through: rate limits, the key of its storefront, shedding of reads when this process cannot keep up, and afterwards its
 * line in the log and its place in the metrics. Call it before the application listens.
 */
export function registerEdgeHooks(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  const limits = app.get(RateLimits, { strict: false });
  const eventLoop = app.get(EventLoopDelay, { strict: false });
  const metrics = app.get(Metrics, { strict: false });
  const keys = app.get(StorefrontKeys, { strict: false });
  app.get(EdgeRedis, { strict: false }).connect();
  limits.start();
  eventLoop.start();
  metrics.start();

  server.addHook('onRequest', (request, reply, done) => {
    const hit = limits.count(request);
    const refusal = hit && tellOfLimit(reply, hit);
    if (refusal) {
      done(refusal);
      return;
    }
    if (eventLoop.isTooBusy && request.raw.method === 'GET' && request.raw.url!.startsWith('/v1/')) {
      done(Overloaded({ retryAfterSeconds: 2 }));
      return;
    }
    if (!keys.concerns(request)) {
      done();
      return;
    }
    keys.admit(request).then(({ id, requestsPerMin }) => {
      const ofAll = requestsPerMin === null ? null : limits.countStorefront(id, requestsPerMin);
      const isTighter = ofAll && (!ofAll.isAllowed || !hit || ofAll.remaining < hit.remaining);
      done((isTighter && tellOfLimit(reply, ofAll)) || undefined);
    }, done);
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
