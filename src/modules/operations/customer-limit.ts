import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { Reply, Request } from '#libs/http';
import { tellOfLimit } from './limit-headers.js';
import { RateLimits } from './rate-limits.js';

/** Limits what one customer writes in a minute. Runs after the guards, since only they know that a token is real. */
@Injectable()
export class CustomerLimit implements NestInterceptor {
  constructor(private readonly limits: RateLimits) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.customer && request.method !== 'GET' && request.method !== 'HEAD') {
      const hit = this.limits.countCustomer(request.customer.id);
      const reply = context.switchToHttp().getResponse<Reply>();
      const before = Number(reply.getHeader('RateLimit-Remaining') ?? Infinity);
      const refusal = hit.remaining < before || !hit.isAllowed ? tellOfLimit(reply, hit) : null;
      if (refusal) throw refusal;
    }
    return next.handle();
  }
}
