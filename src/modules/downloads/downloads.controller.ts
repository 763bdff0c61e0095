import { Controller, Get, Header, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound } from '#libs/errors';
import { attachment, IdParam, ListEnvelope, type Reply, type Request, Throws } from '#libs/http';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { CurrentShopper, Public, Shopper, type ShopperIdentity } from '../auth/index.js';
import { OrdersQuery } from '../orders/index.js';
import { rangeOf } from './byte-range.js';
import { DigitalFiles } from './digital-files.service.js';
import { DownloadTokens } from './download-tokens.js';
import { DownloadExpired, DownloadLimitReached, DownloadRevoked, RangeNotSatisfiable } from './downloads.errors.js';
import { type DownloadRow, DownloadsRepository } from './downloads.repository.js';
import { DownloadResponse } from './dto/downloads.dto.js';

/** Files that were bought. */
@ApiTags('Orders')
@Controller('v1')
export class DownloadsController {
  constructor(
    private readonly orders: OrdersQuery,
    private readonly downloads: DownloadsRepository,
    private readonly tokens: DownloadTokens,
    private readonly files: DigitalFiles,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  @Get('orders/:id/downloads')
  @Shopper()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'listOrderDownloads',
    summary: 'The files of an order, with their links',
    description:
      'As its customer, or with the token of the cart that it was. They are there once the order is paid; each link works for 30 days and 5 downloads.',
  })
  @ListEnvelope(DownloadResponse, { paged: false, description: 'The files' })
  @Throws(InvalidId, NotFound)
  async list(
    @IdParam('order') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
  ): Promise<{ data: DownloadResponse[] }> {
    await this.orders.assertShopper(id, shopper);
    const rows = await this.downloads.ofOrder(id);
    return { data: rows.map((row) => DownloadResponse.from(row, (download) => this.urlOf(download))) };
  }

  @Get('downloads/:token')
  @Public()
  @ApiOperation({
    operationId: 'download',
    summary: 'A file that was bought',
    description:
      'The link of the mail or of `listOrderDownloads`. A download that broke off may go on with `Range` within the hour; from the beginning it counts again.',
  })
  @ApiParam({ name: 'token', schema: { type: 'string', example: 'AZr0x3hHcAmJ2PZ7vYVwT5Kq'.repeat(3) } })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The file', schema: { type: 'string', format: 'binary' } })
  @Throws(NotFound, DownloadExpired, DownloadLimitReached, DownloadRevoked, RangeNotSatisfiable)
  async download(@Param('token') token: string, @Req() request: Request, @Res() reply: Reply): Promise<void> {
    const ticket = this.tokens.read(token);
    if (!ticket) throw noDownload();
    if (ticket.expiresAt <= new Date()) throw DownloadExpired();
    const known = await this.downloads.find(ticket.id);
    if (!known) throw noDownload();
    const etag = `"${known.file_id}"`;
    const ifRange = request.headers['if-range'];
    const range = ifRange === undefined || ifRange === etag ? rangeOf(request.headers.range, known.bytes) : null;
    // Looking at the head of it takes nothing.
    if (request.method !== 'HEAD' && !(await this.downloads.take(known.id, range !== null && range.start > 0)))
      throw await this.refusal(known.id);
    const stream = await this.files.open(known.file_id, range ?? undefined);
    if (!stream) throw noDownload();
    reply.header('Content-Type', 'application/octet-stream');
    reply.header('Content-Disposition', attachment(known.name));
    reply.header('Content-Length', range ? range.end - range.start + 1 : known.bytes);
    reply.header('Accept-Ranges', 'bytes');
    reply.header('ETag', etag);
    reply.header('Cache-Control', 'private, no-store');
    reply.header('X-Content-Type-Options', 'nosniff');
    reply.header('Content-Security-Policy', "default-src 'none'; sandbox");
    reply.header('Referrer-Policy', 'no-referrer');
    if (range) {
      reply.header('Content-Range', `bytes ${range.start}-${range.end}/${known.bytes}`);
      void reply.status(206);
    }
    void reply.send(stream);
  }

  /** Why nothing could be taken, by the state of the moment. */
  private async refusal(id: string) {
    const now = await this.downloads.find(id);
    if (!now) return noDownload();
    if (!now.is_granted) return DownloadRevoked();
    return now.expires_at <= new Date()
      ? DownloadExpired()
      : DownloadLimitReached({ data: { limit: now.max_downloads } });
  }

  private urlOf({ id, expires_at: expiresAt }: DownloadRow): string {
    return `${this.config.publicUrl}/v1/downloads/${this.tokens.tokenOf({ id, expiresAt })}`;
  }
}

const noDownload = () => NotFound({ detail: 'There is no such file, or the link is not complete.' });
