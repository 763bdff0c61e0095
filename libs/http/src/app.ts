import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import compress from '@fastify/compress';
import cors from '@fastify/cors';
import multipart from '@fastify/multipart';
import { type DynamicModule, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BadRequest, HeadersTooLarge, RequestTimeout, UnsupportedMediaType } from '#libs/errors';
import { log, runWithContext } from '#libs/log';
import { parseForm } from './form-body.js';
import { hasTooLongHeaders, PARSED_HEADER_BYTES } from './header-limit.js';
import { parseJsonBody } from './json-body.js';
import { toProblem } from './problem.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
import { QueryGuard } from './query-guard.js';
import { securityHeaders } from './security-headers.js';
import type { Reply, Request } from './request.js';
import { StrictValidationPipe } from './validation.js';

/** How the HTTP edge behaves. */
export interface HttpOptions {
  corsOrigins: (string | RegExp)[];
  trustProxy: string[];
  production: boolean;
  /** Routes that take HTML forms (`application/x-www-form-urlencoded`); nothing else does. */
  formRoutes?: readonly string[];
}

const BODY_LIMIT = 256 * 1024;
const WEBHOOK_BODY_LIMIT = 1024 * 1024;
const UPLOAD_LIMIT = 20 * 1024 * 1024;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

const CORS_ALLOWED = [
  'Authorization', 'Content-Type', 'X-Cart-Token', 'Idempotency-Key', 'If-Match', 'If-None-Match',
  'X-Currency', 'X-Country', 'X-Publishable-Key', 'X-Request-Id', 'Accept-Language',
]; // prettier-ignore
const CORS_EXPOSED = [
  'ETag', 'Location', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'X-Request-Id', 'Idempotent-Replayed',
]; // prettier-ignore

/** Nest's own words go to the log as events: its start-up chatter at debug level. */
const nestLogger: LoggerService = {
  log: (message: unknown, context?: string) => log.debug('nest', { message, context }),
  debug: (message: unknown, context?: string) => log.debug('nest', { message, context }),
  verbose: (message: unknown, context?: string) => log.debug('nest', { message, context }),
  warn: (message: unknown, context?: string) => log.warn('nest', { message, context }),
  error: (message: unknown, stack?: string, context?: string) => log.error('nest', { message, stack, context }),
};

/**
 * The HTTP edge of the house: limits, timeouts, headers, CORS, request ids, and one shape of error from every layer.
 * The caller adds its own hooks and then listens.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  options: HttpOptions,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    connectionTimeout: 20_000,
    keepAliveTimeout: 65_000,
    return503OnClosing: false,
    trustProxy: options.trustProxy.length > 0 ? options.trustProxy : false,
    routerOptions: { maxParamLength: 300 },
    requestIdHeader: false,
    genReqId: (raw: IncomingMessage) => {
      const given = raw.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    http: { headersTimeout: 8_000, connectionsCheckingInterval: 1_000, maxHeaderSize: PARSED_HEADER_BYTES },
    frameworkErrors: (error: Error, request: Request, reply: Reply) => sendProblem(error, request, reply),
    clientErrorHandler,
    logger: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger,
    bodyParser: false,
    abortOnError: false,
  });
  const server = app.getHttpAdapter().getInstance();

  const fixedHeaders = securityHeaders(options.production);
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(fixedHeaders);
    reply.header('X-Request-Id', request.id);
    if (hasTooLongHeaders(request.raw)) {
      done(HeadersTooLarge());
      return;
    }
    if (request.url.includes('%00') || request.url.length > 8_192) {
      done(
        BadRequest({ detail: request.url.length > 8_192 ? 'The address is too long.' : 'The address contains NUL.' }),
      );
      return;
    }
    // A compressed body could unfold into anything; clients of a JSON API do not send any.
    const coding = request.headers['content-encoding'];
    if (coding !== undefined && coding !== 'identity') {
      done(UnsupportedMediaType({ detail: 'Send the body without Content-Encoding.' }));
      return;
    }
    runWithContext({ requestId: request.id }, done);
  });
  // The body comes in callbacks of its stream, which carry nothing.
  server.addHook('preValidation', (request, _reply, done) => runWithContext({ requestId: request.id }, done));
  server.addHook('onRoute', (route) => {
    if (route.url.startsWith('/v1/webhooks/')) route.bodyLimit = WEBHOOK_BODY_LIMIT;
  });
  server.addHook('preClose', (done) => {
    // Connections that were busy when the stop began would stay open for their keep-alive time once they are idle.
    const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
    server.server.once('close', () => clearInterval(sweep));
    done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // A webhook is read only after its signature is checked, on the raw bytes.
    if (request.url.startsWith('/v1/webhooks/')) {
      request.rawBody = body as Buffer;
      done(null, undefined);
      return;
    }
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });

  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
    const takesForms = options.formRoutes?.includes(request.routeOptions.url ?? '') ?? false;
    if (takesForms) done(null, parseForm(body as string));
    else done(UnsupportedMediaType());
  });

  await server.register(cors, {
    origin: options.corsOrigins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: CORS_ALLOWED,
    exposedHeaders: CORS_EXPOSED,
    // Pages on the list may keep their session in a cookie. Nobody else is on it, and `*` is never answered.
    credentials: true,
    maxAge: 7200,
  });
  await server.register(compress, { threshold: 1024, encodings: ['br', 'gzip'], globalDecompression: false });
  await server.register(multipart, {
    limits: { fileSize: UPLOAD_LIMIT, files: 1, fields: 10, fieldSize: 10_000, headerPairs: 100 },
  });

  app.useGlobalPipes(new StrictValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalGuards(new QueryGuard(app.get(Reflector)));
  return app;
}

/** What arrives without being HTTP, or too slowly: answered in our shape on the bare socket. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const appError =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? RequestTimeout()
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? HeadersTooLarge()
        : BadRequest({ detail: 'This is not HTTP.' });
  const problem = toProblem(appError, { id: randomUUID() });
  const body = JSON.stringify(problem);
  const pending = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage;
  if (pending?.headersSent) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
