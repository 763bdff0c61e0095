import { Injectable } from '@nestjs/common';
import { Db, type KeysetColumn, keysetPage, type Tx } from '#libs/database';
import { type FieldError, ValidationFailed } from '#libs/errors';
import { assertVersion, type ListQuery, type Page, pageOf } from '#libs/http';
import { newUuid } from '#libs/ids';
import { SynonymGroupNotFound, TooManySynonyms } from '../catalog.errors.js';
import { SynonymGroup } from '../entities/index.js';
import { wordsOf } from '../search-words.js';
import type { CreateSynonymGroupRequest, UpdateSynonymGroupRequest } from './synonym.dto.js';
import type { SynonymTerms } from './synonym-book.js';
import { Synonyms } from './synonyms.service.js';

/** All of them are kept in memory. */
const MAX_GROUPS = 2_000;
const MAX_WORDS = 5;

const NEWEST_FIRST: KeysetColumn[] = [{ sql: 's.id', type: 'uuid', descending: true }];
const SELECT = `SELECT s.id, s.terms, s.targets, s.version, s.created_at AS "createdAt", s.updated_at AS "updatedAt"
  FROM synonym_groups s`;

/** Says which words of shoppers stand for which: searches follow at once. */
@Injectable()
export class EditSynonyms {
  constructor(
    private readonly db: Db,
    private readonly synonyms: Synonyms,
  ) {}

  /** The newest first. */
  async list(query: ListQuery): Promise<{ rows: SynonymGroup[]; page: Page }> {
    const limit = query.limit ?? 20;
    const keyset = keysetPage('synonyms', NEWEST_FIRST, query.cursor, 1);
    const rows = await this.db.query<SynonymGroup>(
      `${SELECT} WHERE ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit + 1}`,
      keyset.values,
    );
    const total = query.include
      ? (await this.db.query<{ n: number }>(`SELECT count(*) AS n FROM synonym_groups`))[0]!.n
      : undefined;
    return pageOf('synonyms', rows, limit, keyset, query.cursor !== undefined, (row) => [row.id], total);
  }

  /** @throws synonym_group_not_found */
  async get(id: string): Promise<SynonymGroup> {
    const [group] = await this.db.query<SynonymGroup>(`${SELECT} WHERE s.id = $1`, [id]);
    if (!group) throw SynonymGroupNotFound();
    return group;
  }

  /** @throws validation_failed, too_many_synonyms */
  async create(request: CreateSynonymGroupRequest): Promise<SynonymGroup> {
    const wanted = checked({ terms: request.terms, targets: request.targets ?? [] });
    const id = newUuid();
    await this.db.transaction(async (tx) => {
      const [row] = await tx.query<{ n: number }>(`SELECT count(*) AS n FROM synonym_groups`);
      if (row!.n >= MAX_GROUPS) throw TooManySynonyms({ data: { max: MAX_GROUPS } });
      await tx.manager.insert(SynonymGroup, { id, ...wanted });
    });
    this.synonyms.forget();
    return this.get(id);
  }

  /** Changes what is given. @throws synonym_group_not_found, version_mismatch, validation_failed */
  async update(id: string, version: number | undefined, request: UpdateSynonymGroupRequest): Promise<SynonymGroup> {
    await this.db.transaction(async (tx) => {
      const before = await locked(tx, id, version);
      const wanted = checked({ terms: request.terms ?? before.terms, targets: request.targets ?? before.targets });
      await tx.manager.update(SynonymGroup, { id }, { ...wanted, version: before.version + 1, updatedAt: new Date() });
    });
    this.synonyms.forget();
    return this.get(id);
  }

  /** @throws synonym_group_not_found, version_mismatch */
  async delete(id: string, version: number | undefined): Promise<void> {
    await this.db.transaction(async (tx) => {
      await locked(tx, id, version);
      await tx.manager.delete(SynonymGroup, { id });
    });
    this.synonyms.forget();
  }
}

async function locked(tx: Tx, id: string, version: number | undefined): Promise<SynonymGroup> {
  const group = await tx.manager.findOne(SynonymGroup, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!group) throw SynonymGroupNotFound();
  assertVersion(version, group.version);
  return group;
}

/** Each term once, as it was written. @throws validation_failed, which names the term that cannot be searched for */
function checked({ terms, targets }: SynonymTerms): { terms: string[]; targets: string[] } {
  const errors: FieldError[] = [];
  const once = (list: readonly string[], name: string) => {
    const kept = new Map<string, string>();
    list.forEach((term, i) => {
      const words = wordsOf(term);
      if (words.length === 0 || words.length > MAX_WORDS)
        errors.push({
          pointer: `/${name}/${i}`,
          code: 'not_searchable',
          detail: `must have 1 to ${MAX_WORDS} words of letters and digits`,
        });
      const key = words.join(' ');
      if (!kept.has(key)) kept.set(key, term.trim());
    });
    return [...kept.values()];
  };
  const result = { terms: once(terms, 'terms'), targets: once(targets, 'targets') };
  if (errors.length === 0 && result.targets.length === 0 && result.terms.length < 2)
    errors.push({ pointer: '/terms', code: 'too_few', detail: 'must be two different ones, or have targets' });
  if (errors.length > 0) throw ValidationFailed({ errors });
  return result;
}
