import { AttributeDefinition } from './attribute-definition.entity.js';
import { BundlePart } from './bundle-part.entity.js';
import { Category } from './category.entity.js';
import { CollectionProduct } from './collection-product.entity.js';
import { Collection } from './collection.entity.js';
import { Price } from './price.entity.js';
import { PriceChange } from './price-change.entity.js';
import { PriceListEntry } from './price-list-entry.entity.js';
import { PriceList } from './price-list.entity.js';
import { ProductImage } from './product-image.entity.js';
import { ProductSale } from './product-sale.entity.js';
import { ProductRelation } from './product-relation.entity.js';
import { Product } from './product.entity.js';
import { SynonymGroup } from './synonym-group.entity.js';
import {
  CategoryTranslation,
  CollectionTranslation,
  OptionTranslation,
  ProductTranslation,
} from './translation.entity.js';
import { Variant } from './variant.entity.js';

export const catalogEntities = [
  Product,
  ProductImage,
  Variant,
  BundlePart,
  Price,
  PriceList,
  PriceListEntry,
  PriceChange,
  Category,
  Collection,
  CollectionProduct,
  AttributeDefinition,
  ProductSale,
  SynonymGroup,
  ProductTranslation,
  CategoryTranslation,
  CollectionTranslation,
  OptionTranslation,
  ProductRelation,
];
export {
  AttributeDefinition,
  BundlePart,
  Category,
  Collection,
  CollectionProduct,
  Price,
  PriceChange,
  PriceList,
  PriceListEntry,
  Product,
  ProductImage,
  ProductSale,
  SynonymGroup,
  ProductRelation,
  Variant,
};
