import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/index.js';
import { DeliverOrder } from './deliver-order.service.js';
import { DigitalFiles } from './digital-files.service.js';
import { DownloadTokens } from './download-tokens.js';
import { DownloadsAdminController } from './downloads.admin.controller.js';
import { DownloadsController } from './downloads.controller.js';
import { DownloadsRepository } from './downloads.repository.js';
import { DeliverOrderProcessor } from './jobs/deliver-order.processor.js';
import { UploadVariantFile } from './upload-variant-file.service.js';
import { VariantFilesAdminController } from './variant-files.admin.controller.js';
import { VariantFiles } from './variant-files.repository.js';

/** Goods that are files: kept where only the shop reads them, given to whoever paid for them. */
@Module({
  imports: [OrdersModule],
  controllers: [VariantFilesAdminController, DownloadsController, DownloadsAdminController],
  providers: [
    DigitalFiles,
    VariantFiles,
    UploadVariantFile,
    DownloadsRepository,
    DownloadTokens,
    DeliverOrder,
    DeliverOrderProcessor,
  ],
  exports: [DownloadTokens, DigitalFiles],
})
export class DownloadsModule {}
