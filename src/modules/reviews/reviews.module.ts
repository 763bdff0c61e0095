import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CatalogModule } from '../catalog/index.js';
import { CustomersModule } from '../customers/index.js';
import { ForgetAuthorProcessor } from './forget-author.processor.js';
import { ModerateReview } from './moderate-review.service.js';
import { ReviewsAdminController } from './reviews.admin.controller.js';
import { ReviewsController } from './reviews.controller.js';
import { ReviewsQuery } from './reviews.query.js';
import { WriteReview } from './write-review.service.js';

/** What customers say of products. */
@Module({
  imports: [AuthModule, CatalogModule, CustomersModule],
  controllers: [ReviewsController, ReviewsAdminController],
  providers: [ReviewsQuery, WriteReview, ModerateReview, ForgetAuthorProcessor],
})
export class ReviewsModule {}
