import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '#libs/errors';
import { log } from '#libs/log';
import { toAppError, toProblem } from './problem.js';

/** Writes an error as problem+json, and logs what only we can mend. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const appError: AppError = toAppError(error);
  const problem = toProblem(appError, request);
  if (problem.status === 500)
    log.error('request.failed', {
      requestId: request.id,
      error: appError.details.cause ?? appError,
      method: request.method,
      route: request.routeOptions?.url,
    });
  else if (problem.status === 503)
    log.warn('request.unavailable', {
      requestId: request.id,
      error: appError.details.cause,
      code: problem.code,
      route: request.routeOptions?.url,
    });
  if (reply.sent || reply.raw.headersSent) return;
  const retryAfter = appError.details.retryAfterSeconds ?? (problem.status === 503 ? 1 : undefined);
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer');
  void reply
    .status(problem.status)
    .header('Cache-Control', 'no-store')
    .header('Content-Type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** Catches what controllers, guards, pipes and interceptors throw. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest(), http.getResponse());
  }
}
