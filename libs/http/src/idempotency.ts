import { hash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { type Ahead, Db, isConnectionLoss, isUniqueViolation, type Tx, UNSYNCED_COMMIT } from '#libs/database';
import {
  IdempotencyKeyInFlight,
  IdempotencyKeyInvalid,
  IdempotencyKeyMissing,
  IdempotencyKeyReused,
} from '#libs/errors';
import { log } from '#libs/log';
import { seal, unseal } from '#libs/sealing';
import { type IdempotencyReference, principalOf, type Reply, type Request } from './request.js';

export const IDEMPOTENT = 'emporium:idempotent';
/** Injection token: 32 bytes that encrypt kept answers. */
export const IDEMPOTENCY_ENCRYPTION_KEY = Symbol('IDEMPOTENCY_ENCRYPTION_KEY');

/** A request that has not ended after this long is taken for dead, and the next one with its key takes over. */
const TAKEOVER_SECONDS = 60;

/** Headers that belong to the answer and not to the moment. */
const KEPT_HEADERS = ['etag', 'location'];

const keepStatement = (from: string) =>
  `UPDATE idempotency_keys SET response_status = $3, response_body = $4, locked_at = NULL ${from} WHERE scope = $1 AND key = $2`;
const KEEP = keepStatement('');
const KEEP_ALONE = keepStatement(`FROM ${UNSYNCED_COMMIT}`);

/** Not synced: a crash of Postgres can only lose a claim together with the effect behind it, since one log has both, in this order. */
const CLAIM = `INSERT INTO idempotency_keys AS k (scope, key, fingerprint, locked_at) SELECT $1, $2, $3, now() FROM ${UNSYNCED_COMMIT}
  ON CONFLICT (scope, key) DO UPDATE SET locked_at = now()
    WHERE k.response_status IS NULL AND k.fingerprint = excluded.fingerprint
      AND (k.locked_at IS NULL OR k.locked_at < now() - make_interval(secs => ${TAKEOVER_SECONDS}))
  RETURNING 1`;

/**
 * Nothing is written until there is an answer. Whoever has the key at this moment, or has answered it, is found here; who
 * answered in the moment between is found when the answer is kept, by the primary key.
 */
const LOCK = `SELECT 1 WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE scope = $1 AND key = $2)
  AND pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))`;
const KEEP_LOCKED = `INSERT INTO idempotency_keys (scope, key, response_status, response_body, fingerprint) VALUES ($1, $2, $3, $4, $5)`;
/** What a dead process has left is in nobody's way. */
const CLEAR = `DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND response_status IS NULL
  AND (locked_at IS NULL OR locked_at < now() - make_interval(secs => ${TAKEOVER_SECONDS}))`;

/** How a route is idempotent, see `Idempotent`. */
export interface IdempotencyRule {
  presence: 'required' | 'optional';
  claimed: 'before' | 'with the work';
}

/** Somebody else has the key, or had it. */
class NotClaimed extends Error {}

interface KeptAnswer {
  headers: Record<string, string>;
  body?: unknown;
}

type Named = Pick<IdempotencyReference, 'scope' | 'key'>;

interface KeyRow {
  fingerprint: Buffer;
  response_status: number | null;
  response_body: Buffer | null;
}
type KeptRow = KeyRow & { response_status: number };
const isAnswered = (row: KeyRow): row is KeptRow => row.response_status !== null;

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** RFC 8941 string (`"abc"`) or the bare token. */
function parseKey(header: string): string {
  const match = /^\s*(?:"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e][\x20-\x7e]{0,254}))\s*$/.exec(header);
  if (!match) throw IdempotencyKeyInvalid();
  return (match[1] ?? match[2]!).trim();
}

/**
 * Makes a POST happen once for each key: the key is claimed before the work, by a row or a lock that others see, so a repetition
 * in flight gets 409 at once instead of waiting; success is kept (encrypted, since it may hold a client secret) and replayed;
 * any other answer frees the key.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  /** Requests of this process whose claim goes with their work: a repetition shall not take a place in the line beside them. */
  private readonly underWay = new Map<string, Buffer>();

  constructor(
    private readonly db: Db,
    private readonly reflector: Reflector,
    @Inject(IDEMPOTENCY_ENCRYPTION_KEY) private readonly encryptionKey: Buffer,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.run(context, next));
  }

  private async run(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const reply = http.getResponse<Reply>();
    const header = request.headers['idempotency-key'];
    const rule = this.reflector.get<IdempotencyRule>(IDEMPOTENT, context.getHandler());
    if (header === undefined || header === '') {
      if (rule.presence === 'required') throw IdempotencyKeyMissing();
      return firstValueFrom(next.handle());
    }
    if (Array.isArray(header)) throw IdempotencyKeyInvalid();
    const reference = { scope: principalOf(request), key: parseKey(header) };
    const asked = `${request.method} ${request.url.split('?')[0]}\n${canonical(request.body)}`;
    const fingerprint = hash('sha256', asked, 'buffer');

    let claimedBy: 'row' | 'lock' | null = null;
    let refuse!: (why: NotClaimed) => void;
    // Who is not the first is told at once, though a transaction behind the claim may have to wait for locks of the first one.
    const taken = new Promise<never>((_resolve, reject) => (refuse = reject));
    taken.catch(() => undefined);
    const accept = (by: 'row' | 'lock') => (rows: unknown[]) => {
      claimedBy = rows.length > 0 ? by : null;
      if (claimedBy) return;
      const why = new NotClaimed();
      refuse(why);
      throw why;
    };
    const { scope, key } = reference;
    const claim: Ahead = {
      text: CLAIM,
      values: [scope, key, fingerprint],
      place: 'before',
      accept: accept('row'),
    };
    const claimWithin: Ahead = { text: LOCK, values: [scope, key], place: 'within', accept: accept('lock') };
    const kept = (json: string | undefined) => [
      ...this.kept(reference, reply, json),
      ...(claimedBy === 'lock' ? [fingerprint] : []),
    ];
    let written: string | undefined;
    const keepWith = (tx: Tx, body: object) => {
      const json = JSON.stringify(body);
      tx.beforeCommit(claimedBy === 'lock' ? KEEP_LOCKED : KEEP, kept(json));
      tx.afterCommit(() => {
        written = json;
      });
    };
    const claimAlone = async () => claim.accept(await this.db.query(claim.text, claim.values));
    request.idempotency = { ...reference, claim, claimWithin, claimAlone, keepWith };
    const name = rule.claimed === 'with the work' ? JSON.stringify([scope, key]) : null;
    const sameKey = name === null ? undefined : this.underWay.get(name);
    if (sameKey && !sameKey.equals(fingerprint)) throw IdempotencyKeyReused();
    const isRepeated = sameKey !== undefined;
    try {
      if (isRepeated) throw new NotClaimed();
      if (name === null) await claimAlone();
      else this.underWay.set(name, fingerprint);
      const body: unknown = await Promise.race([firstValueFrom(next.handle()), taken]);
      if (!claimedBy) throw new Error('a handler promised to claim the key with its work, and did not');
      if (written === undefined) {
        if (claimedBy === 'lock')
          throw new Error('a handler claimed the key within a transaction that keeps no answer');
        await this.keep(reference, reply, body);
        return body;
      }
      // It is JSON already, and need not be written once more.
      reply.header('content-type', 'application/json; charset=utf-8');
      return written;
    } catch (error) {
      if (claimedBy === 'row') {
        await this.free(reference);
        throw error;
      }
      return this.repeat(await this.earlier(reference, fingerprint, error), reply);
    } finally {
      if (name !== null && !isRepeated) this.underWay.delete(name);
    }
  }

  private async free(reference: Named): Promise<void> {
    await this.db
      .query(`DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND response_status IS NULL`, [
        reference.scope,
        reference.key,
      ])
      .catch((failure: unknown) => log.warn('idempotency.release_failed', { error: failure }));
  }

  /**
   * What was answered to the same request before: whatever keeps it from claiming the key now, who repeats gets that.
   * @throws `idempotency_key_reused`, `idempotency_key_in_flight`, or the error where the key is not to blame
   */
  private async earlier({ scope, key }: Named, fingerprint: Buffer, error: unknown): Promise<KeptRow> {
    if (isConnectionLoss(error)) throw error;
    const isTaken = error instanceof NotClaimed || isUniqueViolation(error, 'idempotency_keys_pkey');
    const [row] = await this.db
      .query<KeyRow>(
        `SELECT fingerprint, response_status, response_body FROM idempotency_keys WHERE scope = $1 AND key = $2`,
        [scope, key],
      )
      .catch((failure: unknown) => {
        throw isTaken ? failure : error;
      });
    if (row && !row.fingerprint.equals(fingerprint)) throw IdempotencyKeyReused();
    if (row && isAnswered(row)) return row;
    if (row && isTaken) await this.db.query(CLEAR, [scope, key]);
    throw isTaken ? IdempotencyKeyInFlight({ retryAfterSeconds: 1 }) : error;
  }

  private repeat(row: KeptRow, reply: Reply): unknown {
    reply.status(row.response_status);
    reply.header('Idempotent-Replayed', 'true');
    if (row.response_body === null) return undefined;
    const { headers, body } = JSON.parse(unseal(this.encryptionKey, row.response_body)) as KeptAnswer;
    reply.headers(headers);
    return body;
  }

  /** The effect is durable already; losing this row merely runs the (repeatable) work again. */
  private async keep(reference: Named, reply: Reply, body: unknown): Promise<void> {
    await this.db
      .query(KEEP_ALONE, this.kept(reference, reply, JSON.stringify(body)))
      .catch((error: unknown) => log.warn('idempotency.keep_failed', { error }));
  }

  /** @param json the body; undefined where there is none */
  private kept({ scope, key }: Named, reply: Reply, json: string | undefined): unknown[] {
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
    );
    const answer = `{"headers":${JSON.stringify(headers)}${json === undefined ? '' : `,"body":${json}`}}`;
    return [scope, key, reply.statusCode, seal(this.encryptionKey, answer)];
  }
}
