import { createHash } from 'node:crypto';
import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { NotFound } from '#libs/errors';
import type { Reply, Request } from '#libs/http';
import { pictureOf } from '../../db/seed/pictures/picture.js';
import { DEMO_PRODUCTS } from '../../db/seed/products/index.js';
import { Public } from '../auth/index.js';

const PRODUCTS = new Map(DEMO_PRODUCTS.map((product) => [`${product.handle}.svg`, product]));

/** Draws the pictures of the demo products on request, so that they need no disk which all processes share. */
@ApiExcludeController()
@Controller('media/demo')
export class DemoPicturesController {
  @Get(':file')
  @Public()
  @Header('Cache-Control', 'public, max-age=604800')
  @Header('Content-Security-Policy', "default-src 'none'; sandbox")
  @Header('X-Content-Type-Options', 'nosniff')
  picture(@Param('file') file: string, @Req() request: Request, @Res() reply: Reply): void {
    const product = PRODUCTS.get(file);
    if (!product) throw NotFound({ detail: 'There is no such picture.' });
    const svg = pictureOf(product);
    const etag = `"${createHash('sha1').update(svg).digest('base64url')}"`;
    reply.header('ETag', etag);
    if (request.headers['if-none-match'] === etag) void reply.status(304).send();
    else void reply.header('Content-Type', 'image/svg+xml; charset=utf-8').send(svg);
  }
}
