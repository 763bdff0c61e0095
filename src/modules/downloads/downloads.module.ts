import { Module } from '@nestjs/common';
import { CreditsModule } from '../credits/index.js';
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

/** Goods without a parcel: files, kept where only the shop reads them and given to whoever paid for them, and gift cards. */
@Module({
  imports: [OrdersModule, CreditsModule],
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
