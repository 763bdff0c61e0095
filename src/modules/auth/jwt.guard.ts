import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { Unauthenticated } from '#libs/errors';
import { JwtStrategy, type VerifiedToken } from './jwt.strategy.js';

/** Runs passport for one request. */
@Injectable()
export class JwtGuard extends AuthGuard() {
  constructor(strategy: JwtStrategy) {
    super({ defaultStrategy: strategy.registeredAs });
  }

  /**
   * The verified token of the request.
   * @throws unauthenticated, with the same words whatever is wrong with the token
   */
  async verify(context: ExecutionContext): Promise<VerifiedToken> {
    await this.canActivate(context);
    return context.switchToHttp().getRequest<{ user: VerifiedToken }>().user;
  }

  override handleRequest<T>(error: unknown, token: T): T {
    if (error) throw error as Error;
    if (!token) throw Unauthenticated();
    return token;
  }
}
