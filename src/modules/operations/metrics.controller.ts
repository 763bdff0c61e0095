import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { RouteNotFound, Unauthenticated } from '#libs/errors';
import type { Reply, Request } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { Public } from '../auth/index.js';
import { Metrics } from './metrics.js';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const PROXY_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host', 'via'];

@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Public()
  async scrape(@Req() request: Request, @Res() reply: Reply): Promise<void> {
    this.admit(request);
    const text = await this.metrics.text();
    await reply.header('Cache-Control', 'no-store').type(this.metrics.contentType).send(text);
  }

  /** With METRICS_TOKEN its bearer; without, only who sits on this machine and did not come through a proxy. */
  private admit(request: Request): void {
    const { metricsToken } = this.config;
    if (metricsToken !== null) {
      const given = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (!timingSafeEqual(digest(given), digest(metricsToken))) throw Unauthenticated();
      return;
    }
    const isLocal = LOOPBACK.test(request.raw.socket.remoteAddress ?? '');
    if (!isLocal || PROXY_HEADERS.some((name) => request.headers[name] !== undefined)) throw RouteNotFound();
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();
