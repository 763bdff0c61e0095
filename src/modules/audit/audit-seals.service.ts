import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Db } from '#libs/database';
import { log } from '#libs/log';
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
  /** where its transactions were; null for seals from before that was noted */
  cluster: string | null;
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
 * it, and of a key that the database does not know. Whoever changes, adds or takes away an old entry, or a seal, breaks it. The
 * newest seals alone could be taken away with their entries: so each is told to the log of the process, which is kept elsewhere.
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

  /**
   * Seals what was committed since the last seal. Transactions are numbered by the cluster of Postgres: what another one left
   * unsealed, before the database was restored here, gets a seal of its own. @returns how many entries
   */
  seal(): Promise<number> {
    return this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock($1)`, [SEAL_LOCK]);
      const [[last], ends, [now]] = await Promise.all([
        tx.query<SealRow>(`SELECT * FROM audit_seals ORDER BY id DESC LIMIT 1`),
        tx.query<{ cluster: string | null; to_xid: string }>(
          `SELECT cluster, max(to_xid)::text AS to_xid FROM audit_seals GROUP BY cluster`,
        ),
        tx.query<{ cluster: string; to_xid: string }>(
          `SELECT audit_cluster() AS cluster, pg_snapshot_xmin(pg_current_snapshot())::text AS to_xid`,
        ),
      ]);
      // The first seal in another cluster goes over the whole log, the next ones do not.
      const elsewhere =
        last?.cluster === now!.cluster
          ? []
          : await tx.query<{ cluster: string | null; to_xid: string }>(
              `SELECT cluster, (max(xid)::text::bigint + 1)::text AS to_xid FROM audit_log
               WHERE cluster IS DISTINCT FROM $1 GROUP BY cluster ORDER BY min(id)`,
              [now!.cluster],
            );
      let before = last?.seal ?? null;
      let sealed = 0;
      for (const { cluster, to_xid: to } of [...elsewhere, now!]) {
        const from = ends.find((end) => end.cluster === cluster)?.to_xid ?? '0';
        if (BigInt(to) <= BigInt(from)) continue;
        const [batch] = await tx.query<Batch>(
          `SELECT ${BATCH} FROM audit_log a
           WHERE a.xid >= $1::text::xid8 AND a.xid < $2::text::xid8 AND a.cluster IS NOT DISTINCT FROM $3`,
          [from, to, cluster],
        );
        if (batch!.last_id === null) continue;
        before = this.sealOf(before, cluster, from, to, batch!);
        const [made] = await tx.query<{ id: number }>(
          `INSERT INTO audit_seals (from_xid, to_xid, entries, last_id, seal, cluster)
           VALUES ($1::text::xid8, $2::text::xid8, $3, $4, $5, $6) RETURNING id`,
          [from, to, batch!.entries, batch!.last_id, before, cluster],
        );
        const told = { sealId: made!.id, entries: batch!.entries, seal: before.toString('base64url') };
        tx.afterCommit(() => log.info('audit.sealed', told));
        sealed += batch!.entries;
      }
      return sealed;
    });
  }

  /** Makes every seal anew and compares, in one statement. Takes time in proportion to the log. */
  async check(): Promise<AuditCheckResponse> {
    const seals = await this.db.query<SealRow & { found: number; found_last: number | null; digest: Buffer | null }>(
      `SELECT s.*, b.entries AS found, b.last_id AS found_last, b.digest
       FROM audit_seals s JOIN (
         SELECT s.id, ${BATCH} FROM audit_seals s
           LEFT JOIN audit_log a ON a.xid >= s.from_xid AND a.xid < s.to_xid AND a.cluster IS NOT DISTINCT FROM s.cluster
         GROUP BY s.id) b ON b.id = s.id
       ORDER BY s.id`,
    );
    const broken: { sealId: number; detail: string }[] = [];
    let before: SealRow | null = null;
    /** Where the seals of each cluster end. */
    const ends = new Map<string | null, string>();
    for (const row of seals) {
      if (row.from_xid !== (ends.get(row.cluster) ?? '0'))
        broken.push({ sealId: row.id, detail: 'it does not begin where the seal before it ends' });
      const batch: Batch = { entries: row.found, last_id: row.found_last, digest: row.digest };
      if (batch.entries !== row.entries)
        broken.push({ sealId: row.id, detail: `it was made of ${row.entries} entries, there are ${batch.entries}` });
      const expected = this.sealOf(before?.seal ?? null, row.cluster, row.from_xid, row.to_xid, batch);
      if (row.seal.length !== expected.length || !timingSafeEqual(row.seal, expected))
        broken.push({ sealId: row.id, detail: 'it does not fit the entries, or the seal before it' });
      before = row;
      ends.set(row.cluster, row.to_xid);
    }
    const [open] = await this.db.query<{ n: number }>(
      `SELECT count(*) AS n FROM audit_log a
         LEFT JOIN (SELECT cluster, max(to_xid) AS end_xid FROM audit_seals GROUP BY cluster) s
           ON s.cluster IS NOT DISTINCT FROM a.cluster
       WHERE s.end_xid IS NULL OR a.xid >= s.end_xid`,
    );
    return {
      isIntact: broken.length === 0,
      seals: seals.length,
      sealedEntries: seals.reduce((sum, row) => sum + row.entries, 0),
      openEntries: open!.n,
      lastSeal: before && { sealId: before.id, seal: before.seal.toString('base64url') },
      broken,
    };
  }

  private sealOf(before: Buffer | null, cluster: string | null, from: string, to: string, batch: Batch): Buffer {
    return createHmac('sha256', this.key)
      .update(before ?? '')
      .update(cluster === null ? '' : `\n${cluster}`)
      .update(`\n${from}\n${to}\n${batch.entries}\n${batch.last_id}\n`)
      .update(batch.digest ?? '')
      .digest();
  }
}
