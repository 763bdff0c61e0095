import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { In, Not } from 'typeorm';
import { isUniqueViolation, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { newUuid } from '#libs/ids';
import { TooManyVariants, VariantExists, VariantNotFound } from './catalog.errors.js';
import type { CreateVariantRequest, UpdateVariantRequest, VariantPriceInput } from './dto/product.request.js';
import { Price, ProductImage, Variant } from './entities/index.js';
import { MAX_VARIANTS, optionKeyOf, variantTitleOf } from './product-draft.js';
import { ProductEdits, Unchanged } from './product-edits.service.js';
import { assertPrices, optionValuesOf, variantDraft } from './product-input.js';
import type { AdminProductRecord } from './products.admin.query.js';
import { assertReferences } from './variant-references.js';

/** Adds variants to a product, changes their data and prices, and takes them out of the shop. */
@Injectable()
export class EditVariants {
  constructor(private readonly edits: ProductEdits) {}

  /**
   * Adds a combination of options; an archived one with the same options comes back with the new data. The same again
   * answers the one that is there.
   * @throws ProductNotFound, VariantExists, OptionMismatch, ValidationFailed, TooManyVariants
   */
  async add(productId: string, request: CreateVariantRequest): Promise<{ product: AdminProductRecord; id: string }> {
    const { product, result } = await this.edits.run(productId, undefined, async (tx, { optionNames, isGiftCard }) => {
      const { optionValues, prices, ...fields } = variantDraft(request, optionNames, '', isGiftCard);
      await assertImage(tx, productId, request.imageId);
      await assertReferences(tx, [request], () => '');
      const optionKey = optionKeyOf(optionValues);
      const before = await tx.manager.findOneBy(Variant, { productId, optionKey });
      const id = before?.id ?? newUuid();
      const position = before?.position ?? (await tx.manager.countBy(Variant, { productId }));
      if (!before && position >= MAX_VARIANTS) throw TooManyVariants();
      const values = {
        ...fields,
        optionValues,
        optionKey,
        title: variantTitleOf(optionValues),
        imageId: request.imageId ?? null,
        status: 'active' as const,
      };
      if (before?.status === 'active') {
        if (await isAsWanted(tx, before, values, prices)) return new Unchanged(id);
        throw VariantExists();
      }
      if (before) await changeVariant(tx, before, values);
      else await tx.manager.insert(Variant, { id, productId, position, ...values });
      await replacePrices(tx, id, prices);
      return id;
    });
    return { product, id: result };
  }

  /**
   * Changes what is given; prices, when given, become exactly those. Open carts see a new price at their next look.
   * @throws ProductNotFound, VariantNotFound, VersionMismatch, VariantExists, OptionMismatch, ValidationFailed
   */
  async update(
    productId: string,
    id: string,
    request: UpdateVariantRequest,
    version: number | undefined,
  ): Promise<AdminProductRecord> {
    if (request.prices) assertPrices(request.prices, '/prices');
    try {
      const { product } = await this.edits.run(productId, version, async (tx, { optionNames }) => {
        const before = await getVariant(tx, productId, id);
        await assertImage(tx, productId, request.imageId);
        await assertReferences(tx, [request], () => '');
        const { options, prices, ...fields } = request;
        await changeVariant(tx, before, { ...fields, ...(options ? optionFields(options, optionNames) : {}) });
        if (prices) await replacePrices(tx, id, prices);
      });
      return product;
    } catch (error) {
      if (isUniqueViolation(error, 'variants_options')) throw VariantExists({ cause: error });
      throw error;
    }
  }

  /** Takes a variant out of the shop; orders and stock keep it. */
  async archive(productId: string, id: string, version: number | undefined): Promise<void> {
    await this.edits.run(productId, version, async (tx) => {
      await changeVariant(tx, await getVariant(tx, productId, id), { status: 'archived' });
    });
  }
}

function optionFields(options: Record<string, string>, optionNames: readonly string[]): Partial<Variant> {
  const optionValues = optionValuesOf(options, optionNames, '/options');
  return { optionValues, optionKey: optionKeyOf(optionValues), title: variantTitleOf(optionValues) };
}

/** @throws VariantNotFound */
export async function getVariant(tx: Tx, productId: string, id: string): Promise<Variant> {
  const variant = await tx.manager.findOneBy(Variant, { id, productId });
  if (!variant) throw VariantNotFound();
  return variant;
}

/** The stock rules are written only when they change: a trigger follows them into the stock, which locks it. */
async function changeVariant(tx: Tx, before: Variant, change: Partial<Variant>): Promise<void> {
  const { trackInventory, allowBackorder, ...rest } = change;
  const rules = {
    ...(trackInventory === undefined || trackInventory === before.trackInventory ? {} : { trackInventory }),
    ...(allowBackorder === undefined || allowBackorder === before.allowBackorder ? {} : { allowBackorder }),
  };
  await tx.manager.update(
    Variant,
    { id: before.id },
    { ...rest, ...rules, version: before.version + 1, updatedAt: new Date() },
  );
}

async function assertImage(tx: Tx, productId: string, imageId: string | null | undefined): Promise<void> {
  if (!imageId || (await tx.manager.existsBy(ProductImage, { id: imageId, productId }))) return;
  const detail = 'belongs to no image of this product';
  throw ValidationFailed({
    detail: `/imageId ${detail}.`,
    errors: [{ pointer: '/imageId', code: 'unknown_image', detail }],
  });
}

/** Whether there is nothing to change of a variant and its prices. */
async function isAsWanted(
  tx: Tx,
  before: Variant,
  values: Partial<Variant>,
  wanted: readonly VariantPriceInput[],
): Promise<boolean> {
  const prices = await tx.manager.findBy(Price, { variantId: before.id });
  return (
    isDeepStrictEqual({ ...before, ...values }, { ...before }) &&
    prices.length === wanted.length &&
    wanted.every(({ currency, amount, compareAt = null }) =>
      prices.some((p) => p.currency === currency && p.amount === amount && p.compareAt === compareAt),
    )
  );
}

async function replacePrices(tx: Tx, variantId: string, prices: readonly VariantPriceInput[]): Promise<void> {
  const currencies = prices.map((price) => price.currency);
  await tx.manager.delete(Price, { variantId, ...(currencies.length > 0 ? { currency: Not(In(currencies)) } : {}) });
  if (prices.length === 0) return;
  await tx.manager.upsert(
    Price,
    prices.map(({ currency, amount, compareAt }) => ({
      variantId,
      currency,
      amount,
      compareAt: compareAt ?? null,
      updatedAt: new Date(),
    })),
    ['variantId', 'currency'],
  );
}
