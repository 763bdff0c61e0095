import { ApiProperty } from '@nestjs/swagger';
import { Opt, StringArray } from '#libs/http';
import { encodeId } from '#libs/ids';
import type { SynonymGroup } from '../entities/index.js';

const MAX_TERMS = 50;
const MAX_LENGTH = 100;
const TARGETS = 'found too by whoever searches for one of the terms; empty: the terms stand for each other';

/** New synonyms. */
export class CreateSynonymGroupRequest {
  @StringArray(MAX_TERMS, MAX_LENGTH, { min: 1, example: ['mug', 'cup', 'beaker'] })
  terms: string[];
  @StringArray(MAX_TERMS, MAX_LENGTH, Opt({ example: [], description: TARGETS }))
  targets?: string[];
}

/** What is to be changed of synonyms; what is left out stays. */
export class UpdateSynonymGroupRequest {
  @StringArray(MAX_TERMS, MAX_LENGTH, Opt({ min: 1, example: ['mug', 'cup', 'beaker', 'tumbler'] }))
  terms?: string[];
  @StringArray(MAX_TERMS, MAX_LENGTH, Opt({ description: TARGETS }))
  targets?: string[];
}

/** Words that stand for each other in searches, or that lead to others. */
export class SynonymGroupResponse {
  @ApiProperty({ example: 'syn_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ type: [String], example: ['mug', 'cup', 'beaker'] })
  terms: string[];
  @ApiProperty({ type: [String], example: [], description: TARGETS })
  targets: string[];
  @ApiProperty({ type: 'integer', description: 'as in the ETag' })
  version: number;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  static from(group: SynonymGroup): SynonymGroupResponse {
    const { terms, targets, version } = group;
    return {
      id: encodeId('synonymGroup', group.id),
      terms,
      targets,
      version,
      createdAt: group.createdAt.toISOString(),
      updatedAt: group.updatedAt.toISOString(),
    };
  }
}
