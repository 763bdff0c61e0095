import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

const BY_STAFF = `current_setting('emporium.actor', true) <> ''`;

/**
 * What staff set going is written down, too: files that they bring in, reports of the books, jobs that get another try, and
 * codes that are made by the thousand, with one entry for all of them.
 */
export class StaffMoves1790000000022 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION audit_generated_codes() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF coalesce(current_setting('emporium.actor', true), '') = '' THEN RETURN NULL; END IF;
        INSERT INTO audit_log (actor, on_behalf_of, request_id, address, action, record_type, record_id, after)
        SELECT current_setting('emporium.actor'), nullif(current_setting('emporium.on_behalf_of', true), ''),
          nullif(current_setting('emporium.request_id', true), ''), nullif(current_setting('emporium.address', true), ''),
          'insert', 'promotion_codes', NULL, jsonb_build_object('promotion_id', m.promotion_id, 'generated', count(*))
        FROM made m WHERE m.is_generated GROUP BY m.promotion_id;
        RETURN NULL;
      END $$;
      COMMENT ON FUNCTION audit_generated_codes IS 'writes into audit_log that staff have had codes made, and how many';
    `);
    for (const trigger of [
      `imports_audit AFTER INSERT ON imports FOR EACH ROW WHEN (${BY_STAFF}) EXECUTE FUNCTION audit_change()`,
      `reconciliations_audit AFTER INSERT ON reconciliations FOR EACH ROW WHEN (${BY_STAFF}) EXECUTE FUNCTION audit_change()`,
      // Jobs move all the time: the states are looked at first, and nothing else where they are others.
      `jobs_audit AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.state = 'dead' AND NEW.state = 'queued' AND ${BY_STAFF})
         EXECUTE FUNCTION audit_change('payload', 'last_error')`,
      `promotion_codes_audit_generated AFTER INSERT ON promotion_codes REFERENCING NEW TABLE AS made
         FOR EACH STATEMENT EXECUTE FUNCTION audit_generated_codes()`,
    ])
      await patiently(runner, `CREATE OR REPLACE TRIGGER ${trigger}`);
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
