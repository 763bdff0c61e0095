import { Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { encodeId } from '#libs/ids';
import { ShopContext, zoneFor } from '../settings/index.js';
import { toPricingLine } from './cart.assessment.js';
import { VariantNotFound } from './cart.errors.js';
import { type LineTuple, lineTuple, toLines } from './cart.snapshot.js';
import type { ShippingPreviewRequest, ShippingPreviewResponse } from './dto/shipping-preview.dto.js';
import { shippingOptions } from './shipping-options.js';

const FOR_EVERYBODY = { currency: 's.wanted', market: 'NULL::uuid', customer: 'NULL::uuid' };

const LINES = `
  SELECT s.version, s.wanted AS currency, (SELECT json_agg(${lineTuple('l', '0', FOR_EVERYBODY)} ORDER BY l.position)
  FROM (SELECT w.*, w.variant_id AS id FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS w (variant_id, quantity, position)) l
  JOIN variants v ON v.id = l.variant_id JOIN products p ON p.id = v.product_id
  LEFT JOIN prices pr ON pr.variant_id = v.id AND pr.currency = s.wanted) AS lines
  FROM (SELECT version, coalesce($3, currency) AS wanted FROM shop_settings) s`;

/** Tells staff how goods would be shipped to a place, and why not by the other methods. Nothing is written. */
@Injectable()
export class ShippingPreview {
  constructor(
    private readonly db: Db,
    private readonly shop: ShopContext,
  ) {}

  /** @throws variant_not_found */
  async execute({ lines, to, ...request }: ShippingPreviewRequest): Promise<ShippingPreviewResponse> {
    const [row] = await this.db.query<{ version: number; currency: string; lines: LineTuple[] | null }>(LINES, [
      lines.map((line) => line.variantId),
      lines.map((line) => line.quantity),
      request.currency ?? null,
    ]);
    const { version, currency } = row!;
    const shop = await this.shop.get(version);
    const found = toLines(row!.lines);
    const missing = lines.flatMap(({ variantId }, i) =>
      found.some((line) => line.variantId === variantId && line.unitPrice !== null) ? [] : [{ variantId, i }],
    );
    if (missing.length > 0) {
      throw VariantNotFound({
        errors: missing.map(({ variantId, i }) => ({
          pointer: `/lines/${i}/variantId`,
          code: 'variant_not_for_sale',
          detail: `${encodeId('variant', variantId)} is not for sale in ${currency}`,
        })),
      });
    }
    const place = { country: to.country, postalCode: to.postalCode ?? '' };
    const options = shippingOptions(shop, { currency, shippingAddress: place }, found.map(toPricingLine));
    return {
      zone: zoneFor(shop, to.country)?.name ?? null,
      weight: found.reduce((sum, line) => sum + (line.requiresShipping ? line.quantity * line.weight : 0), 0),
      methods: options.map(({ method, quote }) => ({
        id: encodeId('shippingMethod', method.id),
        name: method.name,
        available: 'price' in quote,
        price: 'price' in quote ? { amount: quote.price, currency } : null,
        reason: 'reason' in quote ? quote.reason : null,
        detail: 'detail' in quote ? quote.detail : null,
      })),
    };
  }
}
