import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A code that brings a promotion to a cart, in capitals. */
@Entity('promotion_codes')
export class PromotionCode {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'promotion_id', type: 'uuid' })
  promotionId: string;
  @Column('text')
  code: string;
  /** By itself, beside the limits of the promotion. */
  @Column({ name: 'max_uses', type: 'integer', nullable: true })
  maxUses: number | null;
  /** Counted only where there is a limit. */
  @Column('integer', { default: 0 })
  uses: number;
  @Column({ name: 'is_generated', type: 'boolean', default: false })
  isGenerated: boolean;
  @Column({ name: 'disabled_at', type: 'timestamptz', precision: 3, nullable: true })
  disabledAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
