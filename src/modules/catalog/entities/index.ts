import { Category } from './category.entity.js';
import { Price } from './price.entity.js';
import { ProductImage } from './product-image.entity.js';
import { Product } from './product.entity.js';
import { Variant } from './variant.entity.js';

export const catalogEntities = [Product, ProductImage, Variant, Price, Category];
export { Category, Price, Product, ProductImage, Variant };
