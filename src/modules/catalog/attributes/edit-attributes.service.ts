import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Db, isUniqueViolation, type Tx } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import { enqueue } from '#libs/jobs';
import { RefreshAttributeJob } from '../catalog.jobs.js';
import { lockCategoryTree } from '../catalog-lock.js';
import { AttributeDefinition } from '../entities/index.js';
import { type CreateAttributeRequest, MAX_ATTRIBUTES, type UpdateAttributeRequest } from './attribute.dto.js';
import { AttributeChoiceInUse, AttributeKeyTaken, AttributeNotFound, TooManyAttributes } from './attribute.errors.js';

/** Decides what is said of products beyond what every product says. Its lock keeps values from being written meanwhile. */
@Injectable()
export class EditAttributes {
  constructor(private readonly db: Db) {}

  /** Adds an attribute. The same again answers the one that is there. @throws attribute_key_taken, too_many_attributes, validation_failed */
  create(request: CreateAttributeRequest): Promise<AttributeDefinition> {
    const choices = trimmed(request.choices ?? []);
    const { filterable = true, facetable = filterable } = request;
    assertSound(request.type, choices, filterable, facetable);
    const wanted = {
      key: request.key,
      label: request.label.trim(),
      type: request.type,
      choices,
      filterable,
      facetable,
      position: request.position ?? 0,
    };
    return this.locked(async (tx) => {
      const before = await tx.manager.findOneBy(AttributeDefinition, { key: request.key, deletedAt: IsNull() });
      if (before && isDeepStrictEqual({ ...before, ...wanted }, { ...before })) return before;
      if ((await tx.manager.countBy(AttributeDefinition, {})) >= MAX_ATTRIBUTES) throw TooManyAttributes();
      const id = newUuid();
      await tx.manager.insert(AttributeDefinition, { id, ...wanted });
      return load(tx, id);
    });
  }

  /**
   * Changes what is given. Pages of products follow a new label within seconds.
   * @throws attribute_not_found, version_mismatch, attribute_choice_in_use, validation_failed
   */
  update(id: string, version: number | undefined, request: UpdateAttributeRequest): Promise<AttributeDefinition> {
    return this.locked(async (tx) => {
      const before = await load(tx, id);
      assertVersion(version, before.version);
      const choices = request.choices ? trimmed(request.choices) : before.choices;
      const filterable = request.filterable ?? before.filterable;
      const facetable = request.facetable ?? (before.facetable && filterable);
      assertSound(before.type, choices, filterable, facetable);
      if (request.choices) await this.assertUnused(tx, before, choices);
      const label = request.label?.trim() ?? before.label;
      const position = request.position ?? before.position;
      await tx.manager.update(
        AttributeDefinition,
        { id },
        { label, choices, filterable, facetable, position, version: before.version + 1, updatedAt: new Date() },
      );
      if (label !== before.label || position !== before.position) await this.followLater(tx, id, before.version + 1);
      return load(tx, id);
    });
  }

  /** Gone at once for whoever filters or writes; its values go off the products in the background. */
  delete(id: string, version: number | undefined): Promise<void> {
    return this.locked(async (tx) => {
      const before = await load(tx, id);
      assertVersion(version, before.version);
      await tx.manager.update(
        AttributeDefinition,
        { id },
        { deletedAt: new Date(), version: before.version + 1, updatedAt: new Date() },
      );
      await this.followLater(tx, id, before.version + 1);
    });
  }

  private async followLater(tx: Tx, attributeId: string, version: number): Promise<void> {
    await enqueue(tx, RefreshAttributeJob, `${attributeId}:${version}`, { attributeId });
  }

  /** Values are written as the shop writes them, so another spelling of a choice counts as another choice. */
  private async assertUnused(tx: Tx, { key, choices }: AttributeDefinition, kept: readonly string[]): Promise<void> {
    const used = await tx.query<{ choice: string }>(
      `SELECT c AS choice FROM unnest($2::text[]) AS c
       WHERE EXISTS (SELECT FROM products p WHERE p.attributes @> jsonb_build_object($1::text, c))`,
      [key, choices.filter((choice) => !kept.includes(choice))],
    );
    if (used.length > 0) throw AttributeChoiceInUse({ data: { choices: used.map(({ choice }) => choice) } });
  }

  private async locked<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction(async (tx) => {
        await lockCategoryTree(tx);
        return work(tx);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'attribute_definitions_key')) throw AttributeKeyTaken({ cause: error });
      throw error;
    }
  }
}

const trimmed = (choices: readonly string[]) => choices.map((choice) => choice.trim());

async function load(tx: Tx, id: string): Promise<AttributeDefinition> {
  const row = await tx.manager.findOneBy(AttributeDefinition, { id, deletedAt: IsNull() });
  if (!row) throw AttributeNotFound();
  return row;
}

function assertSound(type: string, choices: readonly string[], filterable: boolean, facetable: boolean): void {
  const wrong = (pointer: string, code: string, detail: string) =>
    ValidationFailed({ detail: `${pointer} ${detail}.`, errors: [{ pointer, code, detail }] });
  if (type === 'choice' && choices.length === 0) throw wrong('/choices', 'required', 'is required for choice');
  if (type !== 'choice' && choices.length > 0) throw wrong('/choices', 'not_allowed', 'is for choice only');
  const empty = choices.indexOf('');
  if (empty >= 0) throw wrong(`/choices/${empty}`, 'invalid_item', 'must not be blank');
  if (new Set(choices.map((choice) => choice.toLowerCase())).size < choices.length)
    throw wrong('/choices', 'repeated', 'must differ from each other');
  if (facetable && !filterable) throw wrong('/facetable', 'not_allowed', 'needs filterable');
}
