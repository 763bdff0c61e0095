import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/index.js';
import { PromotionCodeGate } from './promotion-code-gate.js';
import { PromotionCodesAdminController } from './promotion-codes.admin.controller.js';
import { PromotionCodesService } from './promotion-codes.service.js';
import { PromotionsAdminController } from './promotions.admin.controller.js';
import { PromotionsQuery } from './promotions.query.js';
import { PromotionsService } from './promotions.service.js';

/** Promotions, their codes, and how often they may be used. */
@Module({
  imports: [SettingsModule],
  controllers: [PromotionsAdminController, PromotionCodesAdminController],
  providers: [PromotionsService, PromotionCodesService, PromotionsQuery, PromotionCodeGate],
  exports: [PromotionCodeGate],
})
export class PromotionsModule {}
