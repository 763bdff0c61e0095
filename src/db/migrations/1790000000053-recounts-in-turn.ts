import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of two who count anew what facets lack, the second one sees what the first one added, and adds nothing. */
export class RecountsInTurn1790000000053 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // plpgsql, for a statement of its own has a snapshot of its own: what it sees is from after the wait.
    await runner.query(`
      CREATE OR REPLACE FUNCTION recount_facets() RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE added bigint;
      BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          RAISE EXCEPTION 'recount_facets() must see what others have added meanwhile: run it in READ COMMITTED';
        END IF;
        PERFORM pg_advisory_xact_lock(7301003);
        INSERT INTO facet_counts (currency, kind, text, label, listed, available) SELECT * FROM facet_count_differences();
        GET DIAGNOSTICS added = ROW_COUNT;
        RETURN added;
      END $$`);
    await runner.query(
      `COMMENT ON FUNCTION recount_facets IS 'adds what facet_counts lacks, beside those who write; whoever runs it at the same time waits for its transaction'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('restore a backup instead');
  }
}
