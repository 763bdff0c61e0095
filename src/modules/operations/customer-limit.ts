import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Reply, Request } from '#libs/http';
import { tellOfLimit } from './limit-headers.js';
import { RateLimits } from './rate-limits.js';

/**
 * Limits what one customer writes in a minute. A guard after the one of the auth module, which alone knows that a token is
 * real. Not an interceptor: one that is everywhere makes each request of everybody a stream.
 */
@Injectable()
export class CustomerLimit implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.customer && request.method !== 'GET' && request.method !== 'HEAD') {
      const hit = this.limits.countCustomer(request.customer.id);
      const reply = context.switchToHttp().getResponse<Reply>();
      const before = Number(reply.getHeader('RateLimit-Remaining') ?? Infinity);
      const refusal = hit.remaining < before || !hit.isAllowed ? tellOfLimit(reply, hit) : null;
      if (refusal) throw refusal;
    }
    return true;
  }
}
