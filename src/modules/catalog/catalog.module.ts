import { Module } from '@nestjs/common';
import { ProductListings } from './product-listings.service.js';
import { ProductWriter } from './product-writer.service.js';

/** Products, variants, prices, images and categories, and the read model that storefronts are served from. */
@Module({
  providers: [ProductWriter, ProductListings],
  exports: [ProductWriter, ProductListings],
})
export class CatalogModule {}
