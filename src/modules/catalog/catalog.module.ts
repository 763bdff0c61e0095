import { Module } from '@nestjs/common';
import { SettingsModule } from '../settings/index.js';
import { BundlesAdminController } from './bundles/bundles.admin.controller.js';
import { EditBundle } from './bundles/edit-bundle.service.js';
import { AdminCategoriesQuery } from './categories.admin.query.js';
import { AttributesAdminController } from './attributes/attributes.admin.controller.js';
import { AttributesQuery } from './attributes/attributes.query.js';
import { EditAttributes } from './attributes/edit-attributes.service.js';
import { RefreshAttributeProcessor } from './attributes/refresh-attribute.processor.js';
import { CategoriesAdminController } from './categories.admin.controller.js';
import { CategoriesController } from './categories.controller.js';
import { CategoriesQuery } from './categories.query.js';
import { CollectionsAdminController } from './collections/collections.admin.controller.js';
import { CollectionsController } from './collections/collections.controller.js';
import { CollectionsQuery } from './collections/collections.query.js';
import { EditCollections } from './collections/edit-collections.service.js';
import { RefreshCollectionsProcessor } from './collections/refresh-collections.processor.js';
import { EditSynonyms } from './synonyms/edit-synonyms.service.js';
import { Synonyms } from './synonyms/synonyms.service.js';
import { SynonymsAdminController } from './synonyms/synonyms.admin.controller.js';
import { ContentLanguages } from './translations/content-languages.js';
import { EditTranslations } from './translations/edit-translations.service.js';
import { RefreshTranslationsProcessor } from './translations/refresh-translations.processor.js';
import {
  CategoryTranslationsController,
  CollectionTranslationsController,
  OptionTranslationsController,
  ProductTranslationsController,
} from './translations/translations.admin.controller.js';
import { OldHandles } from './old-handles.service.js';
import { CreateProduct } from './create-product.service.js';
import { EditCategories } from './edit-categories.service.js';
import { EditImages } from './edit-images.service.js';
import { EditProduct } from './edit-product.service.js';
import { EditVariants } from './edit-variants.service.js';
import { FacetCounts } from './facet-counts/facet-counts.service.js';
import { FoldFacetCounts } from './facet-counts/fold-facet-counts.job.js';
import { FacetsQuery } from './facets.query.js';
import { ImageIntake } from './image-intake.service.js';
import { ImagesAdminController } from './images.admin.controller.js';
import { MakeRenditionsProcessor } from './make-renditions.processor.js';
import { MediaController } from './media.controller.js';
import { MediaStore } from './media-store.service.js';
import { SalesSettler } from './price-lists/listed-sales.job.js';
import { ListedSales } from './price-lists/listed-sales.js';
import { PriceListsAdminController } from './price-lists/price-lists.admin.controller.js';
import { PriceListsQuery } from './price-lists/price-lists.query.js';
import { PriceLists } from './price-lists/price-lists.service.js';
import { SavePriceLists } from './price-lists/save-price-lists.service.js';
import { ProductPricesController } from './price-lists/product-prices.controller.js';
import { ProductPricesQuery } from './price-lists/product-prices.query.js';
import { DuplicateProduct } from './duplicate-product.service.js';
import { DuplicateProductController } from './duplicate-product.admin.controller.js';
import { ProductEdits } from './product-edits.service.js';
import { ProductListQuery } from './product-list.query.js';
import { ProductLookup } from './product-lookup.service.js';
import { ProductListings } from './product-listings.service.js';
import { ProductPageQuery } from './product-page.query.js';
import { ProductSales } from './product-sales.service.js';
import { ProductWriter } from './product-writer.service.js';
import { AdminProductsQuery } from './products.admin.query.js';
import { ProductsAdminController } from './products.admin.controller.js';
import { ProductsController } from './products.controller.js';
import { RefreshCategoryProcessor } from './refresh-category.processor.js';
import { RelatedProductsAdminController } from './related/related-products.admin.controller.js';
import { RelatedProductsController } from './related/related-products.controller.js';
import { RelatedProducts } from './related/related-products.service.js';
import { RelatedProductsQuery } from './related/related-products.query.js';
import { Publication } from './schedule/publication.service.js';
import { PublishProductsProcessor } from './schedule/publish-products.processor.js';
import { SearchController } from './search.controller.js';
import { SpellingQuery } from './spelling.query.js';
import { SuggestQuery } from './suggest.query.js';
import { VariantsAdminController } from './variants.admin.controller.js';
import { DeadWords } from './words/dead-words.service.js';
import { ForgetWordsProcessor } from './words/forget-words.job.js';

/** Products, variants, prices, images and categories, and the read model that storefronts are served from. */
@Module({
  imports: [SettingsModule],
  controllers: [
    ProductsController,
    SearchController,
    CategoriesController,
    CollectionsController,
    CollectionsAdminController,
    SynonymsAdminController,
    ProductTranslationsController,
    CategoryTranslationsController,
    CollectionTranslationsController,
    OptionTranslationsController,
    MediaController,
    ProductsAdminController,
    VariantsAdminController,
    BundlesAdminController,
    ImagesAdminController,
    CategoriesAdminController,
    AttributesAdminController,
    DuplicateProductController,
    RelatedProductsAdminController,
    RelatedProductsController,
    PriceListsAdminController,
    ProductPricesController,
  ],
  providers: [
    ProductWriter,
    ProductListings,
    ProductListQuery,
    ProductPageQuery,
    FacetsQuery,
    FacetCounts,
    FoldFacetCounts,
    ContentLanguages,
    EditTranslations,
    RefreshTranslationsProcessor,
    Synonyms,
    EditSynonyms,
    ProductSales,
    SpellingQuery,
    DeadWords,
    ForgetWordsProcessor,
    SuggestQuery,
    CategoriesQuery,
    AdminProductsQuery,
    AdminCategoriesQuery,
    ProductEdits,
    CreateProduct,
    EditProduct,
    EditVariants,
    EditBundle,
    EditImages,
    EditCategories,
    EditCollections,
    CollectionsQuery,
    RefreshCollectionsProcessor,
    DuplicateProduct,
    RelatedProducts,
    RelatedProductsQuery,
    Publication,
    PublishProductsProcessor,
    AttributesQuery,
    EditAttributes,
    RefreshAttributeProcessor,
    RefreshCategoryProcessor,
    OldHandles,
    ImageIntake,
    MediaStore,
    MakeRenditionsProcessor,
    PriceLists,
    SavePriceLists,
    PriceListsQuery,
    ListedSales,
    SalesSettler,
    ProductPricesQuery,
    ProductLookup,
  ],
  exports: [ProductLookup, ProductSales, ProductWriter, ProductListings, PriceLists, SavePriceLists],
})
export class CatalogModule {}
