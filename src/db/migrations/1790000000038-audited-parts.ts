import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What has no id of its own is found in the audit log by what it belongs to: translations by what they translate, a place in
 * a collection by the collection, related products by the product, members of a group by the customer. Entries of before stay as they are: they are sealed.
 */
export class AuditedParts1790000000038 implements MigrationInterface {
  readonly transaction = true;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
        now_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
        whole jsonb := coalesce(now_is, was);
        record_id text := coalesce(whole ->> 'id', whole ->> 'variant_id', whole ->> 'target_id', whole ->> 'collection_id',
          whole ->> 'product_id', whole ->> 'customer_id', whole ->> 'locale');
        col text;
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          FOR col IN SELECT jsonb_object_keys(now_is) LOOP
            IF now_is -> col IS NOT DISTINCT FROM was -> col OR col IN ('version', 'updated_at') THEN
              was := was - col;
              now_is := now_is - col;
            END IF;
          END LOOP;
          IF now_is = '{}' THEN RETURN NULL; END IF;
        END IF;
        FOR position IN 0 .. TG_NARGS - 1 LOOP
          col := TG_ARGV[position];
          IF was ? col THEN was := jsonb_set(was, ARRAY[col], '"[redacted]"'); END IF;
          IF now_is ? col THEN now_is := jsonb_set(now_is, ARRAY[col], '"[redacted]"'); END IF;
        END LOOP;
        INSERT INTO audit_log (actor, on_behalf_of, request_id, address, action, record_type, record_id, before, after)
        VALUES (coalesce(nullif(current_setting('emporium.actor', true), ''),
            nullif(current_setting('emporium.system', true), ''), 'storefront'),
          nullif(current_setting('emporium.on_behalf_of', true), ''),
          nullif(current_setting('emporium.request_id', true), ''), nullif(current_setting('emporium.address', true), ''),
          lower(TG_OP), TG_TABLE_NAME, record_id, was, now_is);
        RETURN NULL;
      END $$`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
