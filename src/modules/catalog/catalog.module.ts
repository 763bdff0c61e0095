import { Module } from '@nestjs/common';
import { CategoriesController } from './categories.controller.js';
import { CategoriesQuery } from './categories.query.js';
import { FacetsQuery } from './facets.query.js';
import { ProductListQuery } from './product-list.query.js';
import { ProductListings } from './product-listings.service.js';
import { ProductPageQuery } from './product-page.query.js';
import { ProductWriter } from './product-writer.service.js';
import { ProductsController } from './products.controller.js';
import { SearchController } from './search.controller.js';
import { SpellingQuery } from './spelling.query.js';
import { SuggestQuery } from './suggest.query.js';

/** Products, variants, prices, images and categories, and the read model that storefronts are served from. */
@Module({
  controllers: [ProductsController, SearchController, CategoriesController],
  providers: [
    ProductWriter,
    ProductListings,
    ProductListQuery,
    ProductPageQuery,
    FacetsQuery,
    SpellingQuery,
    SuggestQuery,
    CategoriesQuery,
  ],
  exports: [ProductWriter, ProductListings],
})
export class CatalogModule {}
