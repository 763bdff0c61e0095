import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Db, type Queryable, type Tx } from '#libs/database';
import { APP_CONFIG, type Config } from '../../config/index.js';
import type { AuditCheckResponse } from './dto/audit.dto.js';

const SEAL_LOCK = 7_306_412;

interface Batch {
  entries: number;
  digest: Buffer | null;
}

interface SealRow {
  id: number;
  from_xid: string;
  to_xid: string;
  entries: number;
  seal: Buffer;
}

/** The entries of some transactions, as one digest of all their columns. */
const BATCH = `SELECT count(*) AS entries, sha256(convert_to(string_agg(to_jsonb(a)::text, E'\\n' ORDER BY a.id), 'UTF8')) AS digest
  FROM audit_log a WHERE a.xid >= $1::text::xid8 AND a.xid < $2::text::xid8`;

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
    this.key = Buffer.from(hkdfSync('sha256', config.encryptionKey, '', 'emporium audit seals', 32));
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
      const batch = await this.batch(tx, from, to);
      if (batch.entries === 0) return 0;
      await tx.query(
        `INSERT INTO audit_seals (from_xid, to_xid, entries, seal) VALUES ($1::text::xid8, $2::text::xid8, $3, $4)`,
        [from, to, batch.entries, this.sealOf(last?.seal ?? null, from, to, batch)],
      );
      return batch.entries;
    });
  }

  /** Makes every seal anew and compares. Takes time in proportion to the log. */
  async check(): Promise<AuditCheckResponse> {
    const seals = await this.db.query<SealRow>(`SELECT * FROM audit_seals ORDER BY id`);
    const broken: { sealId: number; detail: string }[] = [];
    let before: SealRow | null = null;
    for (const row of seals) {
      if (row.from_xid !== (before?.to_xid ?? '0'))
        broken.push({ sealId: row.id, detail: 'it does not begin where the seal before it ends' });
      const batch = await this.batch(this.db, row.from_xid, row.to_xid);
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

  private async batch(db: Queryable | Tx, from: string, to: string): Promise<Batch> {
    const [batch] = await db.query<Batch>(BATCH, [from, to]);
    return batch!;
  }

  private sealOf(before: Buffer | null, from: string, to: string, batch: Batch): Buffer {
    return createHmac('sha256', this.key)
      .update(before ?? '')
      .update(`\n${from}\n${to}\n${batch.entries}\n`)
      .update(batch.digest ?? '')
      .digest();
  }
}
