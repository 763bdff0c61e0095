/** A part of a bundle, as `PARTS_SQL` reads it. */
export interface BundlePartRow {
  variant_id: string;
  product_id: string;
  handle: string;
  title: string;
  variant_title: string;
  sku: string | null;
  /** in one bundle */
  quantity: number;
}

/** Products with a bundle that has a variant of these products as a part. @param ids SQL of an array of uuids */
export const bundlesSql = (ids: string) => `
  SELECT bundle.product_id FROM variants part JOIN bundle_parts b ON b.part_variant_id = part.id JOIN variants bundle ON bundle.id = b.variant_id
  WHERE part.product_id = ANY(${ids})`;

/** What bundle `v` is made of, as a JSON array; NULL for what is none. */
export const PARTS_SQL = `CASE WHEN v.is_bundle THEN (
  SELECT json_agg(json_build_object('variant_id', w.id, 'product_id', o.id, 'handle', o.handle, 'title', o.title,
    'variant_title', w.title, 'sku', w.sku, 'quantity', b.quantity) ORDER BY b.position, w.id)
  FROM bundle_parts b JOIN variants w ON w.id = b.part_variant_id JOIN products o ON o.id = w.product_id WHERE b.variant_id = v.id) END`;
