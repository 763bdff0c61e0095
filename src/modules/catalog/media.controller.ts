import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { NotFound } from '#libs/errors';
import type { Reply, Request } from '#libs/http';
import { Public } from '../auth/index.js';
import { MediaStore } from './media-store.service.js';

/** Serves uploaded images. A name stands for the same bytes for ever, so caches may keep them. */
@ApiExcludeController()
@Controller('media')
export class MediaController {
  constructor(private readonly media: MediaStore) {}

  @Get(':name')
  @Public()
  async image(@Param('name') name: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    // Nobody has seen a name that never was; and what a name stands for never changes.
    const isKnown = request.headers['if-none-match'] === `"${name}"`;
    const found = isKnown ? null : await this.media.find(name);
    if (!found && !isKnown) throw NotFound({ detail: 'There is no such image.' });
    reply.header('Cache-Control', 'public, max-age=31536000, immutable');
    reply.header('X-Content-Type-Options', 'nosniff');
    reply.header('Content-Security-Policy', "default-src 'none'; sandbox");
    reply.header('ETag', `"${name}"`);
    if (!found) {
      void reply.status(304).send();
      return;
    }
    reply.header('Content-Type', found.contentType);
    reply.header('Content-Length', found.size);
    void reply.send(found.stream());
  }
}
