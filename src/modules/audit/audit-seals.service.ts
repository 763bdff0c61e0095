import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { derivedKey } from '#libs/sealing';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { AuditCheckResponse } from './dto/audit.dto.js';

const SEAL_LOCK = 7_306_412;

interface Batch {
  entries: number;
  last_id: number | null;
  digest: Buffer | null;
}

interface SealRow {
  id: number;
  from_xid: string;
  to_xid: string;
  entries: number;
  last_id: number;
  seal: Buffer;
}

/**
 * Some entries as one digest. Its columns are named and a time is a number, so that neither a column of a later version nor
 * the time zone of a connection changes it.
 */
const BATCH = `count(a.id) AS entries, max(a.id) AS last_id,
  sha256(convert_to(string_agg(jsonb_build_array(a.id, a.xid::text, a.actor, a.on_behalf_of, a.request_id, a.address, a.action,
    a.record_type, a.record_id, a.before, a.after, extract(epoch FROM a.created_at))::text, E'\\n' ORDER BY a.id), 'UTF8')) AS digest`;

/**
 * Seals the audit log, batch by batch: each seal is made of the entries of transactions that are all over, of the seal before
 * it, and of a key that the database does not know. Whoever changes, adds or takes away an old entry, or a seal, breaks it.
 */
@Injectable()
export class AuditSeals {
  private readonly key: Buffer;

  constructor(
    private readonly db: Db,
    @Inject(APP_CONFIG) config: Config,
  ) {
    this.key = derivedKey(config.encryptionKey, 'emporium audit seals');
  }

  /** Seals what was committed since the last seal. @returns how many entries */
  seal(): Promise<number> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock($1)`, [SEAL_LOCK]);
      const [last] = await tx.query<SealRow>(`SELECT * FROM audit_seals ORDER BY id DESC LIMIT 1`);
      const from = last?.to_xid ?? '0';
      const [now] = await tx.query<{ to_xid: string }>(
        `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS to_xid`,
      );
      const to = now!.to_xid;
      // After a restore into another cluster, transactions count from the beginning again: then there is nothing to seal yet.
      if (BigInt(to) <= BigInt(from)) return 0;
      const [batch] = await tx.query<Batch>(
        `SELECT ${BATCH} FROM audit_log a WHERE a.xid >= $1::text::xid8 AND a.xid < $2::text::xid8`,
        [from, to],
      );
      if (batch!.last_id === null) return 0;
      await tx.query(
        `INSERT INTO audit_seals (from_xid, to_xid, entries, last_id, seal)
         VALUES ($1::text::xid8, $2::text::xid8, $3, $4, $5)`,
        [from, to, batch!.entries, batch!.last_id, this.sealOf(last?.seal ?? null, from, to, batch!)],
      );
      return batch!.entries;
    });
  }

  /** Makes every seal anew and compares, in one statement. Takes time in proportion to the log. */
  async check(): Promise<AuditCheckResponse> {
    const seals = await this.db.query<SealRow & { found: number; found_last: number | null; digest: Buffer | null }>(
      `SELECT s.*, b.entries AS found, b.last_id AS found_last, b.digest
       FROM audit_seals s JOIN (
         SELECT s.id, ${BATCH} FROM audit_seals s
           LEFT JOIN audit_log a ON a.xid >= s.from_xid AND a.xid < s.to_xid GROUP BY s.id) b ON b.id = s.id
       ORDER BY s.id`,
    );
    const broken: { sealId: number; detail: string }[] = [];
    let before: SealRow | null = null;
    for (const row of seals) {
      if (row.from_xid !== (before?.to_xid ?? '0'))
        broken.push({ sealId: row.id, detail: 'it does not begin where the seal before it ends' });
      const batch: Batch = { entries: row.found, last_id: row.found_last, digest: row.digest };
      if (batch.entries !== row.entries)
        broken.push({ sealId: row.id, detail: `it was made of ${row.entries} entries, there are ${batch.entries}` });
      const expected = this.sealOf(before?.seal ?? null, row.from_xid, row.to_xid, batch);
      if (row.seal.length !== expected.length || !timingSafeEqual(row.seal, expected))
        broken.push({ sealId: row.id, detail: 'it does not fit the entries, or the seal before it' });
      before = row;
    }
    const [open] = await this.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM audit_log WHERE xid >= $1::text::xid8`,
      [before?.to_xid ?? '0'],
    );
    return {
      isIntact: broken.length === 0,
      seals: seals.length,
      sealedEntries: seals.reduce((sum, row) => sum + row.entries, 0),
      openEntries: open!.n,
      broken,
    };
  }

  private sealOf(before: Buffer | null, from: string, to: string, batch: Batch): Buffer {
    return createHmac('sha256', this.key)
      .update(before ?? '')
      .update(`\n${from}\n${to}\n${batch.entries}\n${batch.last_id}\n`)
      .update(batch.digest ?? '')
      .digest();
  }
}
