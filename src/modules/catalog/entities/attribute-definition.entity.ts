import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AttributeType } from '../attributes/attribute-values.js';

/** Something that a shop says of its products beyond what every product says. */
@Entity('attribute_definitions')
export class AttributeDefinition {
  @PrimaryColumn('uuid')
  id: string;
  /** What filters and files call it. */
  @Column('text')
  key: string;
  /** What shoppers call it. */
  @Column('text')
  label: string;
  @Column('text')
  type: AttributeType;
  /** The values that it may have, of `choice`. */
  @Column('text', { array: true, default: '{}' })
  choices: string[];
  @Column('boolean', { default: true })
  filterable: boolean;
  /** Whether facets count its values. */
  @Column('boolean', { default: true })
  facetable: boolean;
  /** Product pages and facets show the lowest first. */
  @Column('integer', { default: 0 })
  position: number;
  /** Gone for everybody; the row keeps the key until no product has a value of it any more. */
  @Column({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt: Date | null;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
