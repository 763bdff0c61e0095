import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PromotionAction, PromotionClass, PromotionConditions } from '../../pricing/index.js';

/** What the shop gives off, to whom and when. */
@Entity('promotions')
export class Promotion {
  @PrimaryColumn('uuid')
  id: string;
  /** Shown to shoppers. */
  @Column('text')
  name: string;
  /** For staff. */
  @Column('text', { default: '' })
  description: string;
  @Column('text', { default: 'inactive' })
  status: 'inactive' | 'active' | 'archived';
  /** Whether carts get it by themselves or by a code. */
  @Column('text')
  method: 'automatic' | 'code';
  @Column('integer', { default: 100 })
  priority: number;
  @Column('boolean', { default: false })
  exclusive: boolean;
  @Column({ name: 'combines_with', type: 'text', array: true })
  combinesWith: PromotionClass[];
  @Column('jsonb')
  conditions: PromotionConditions;
  @Column('jsonb')
  action: PromotionAction;
  @Column({ name: 'starts_at', type: 'timestamptz', precision: 3, nullable: true })
  startsAt: Date | null;
  @Column({ name: 'ends_at', type: 'timestamptz', precision: 3, nullable: true })
  endsAt: Date | null;
  @Column({ name: 'max_uses', type: 'integer', nullable: true })
  maxUses: number | null;
  @Column({ name: 'max_uses_per_customer', type: 'integer', nullable: true })
  maxUsesPerCustomer: number | null;
  @Column('integer', { default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
