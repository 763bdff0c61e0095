import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A promotion that an order has used. */
@Entity('promotion_uses')
export class PromotionUse {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @PrimaryColumn({ name: 'promotion_id', type: 'uuid' })
  promotionId: string;
  @Column({ name: 'code_id', type: 'uuid', nullable: true })
  codeId: string | null;
  /** Minor units of `currency`, lines and shipping together. */
  @Column('bigint')
  amount: number;
  @Column('char', { length: 3 })
  currency: string;
  @Column({ name: 'customer_keys', type: 'bytea', array: true })
  customerKeys: Buffer[];
  /** Paid after the last use had gone to somebody else: not counted. */
  @Column({ name: 'is_late', type: 'boolean', default: false })
  isLate: boolean;
  @Column({ name: 'is_code_late', type: 'boolean', default: false })
  isCodeLate: boolean;
  /** When the order ended without being paid; null while it counts. */
  @Column({ name: 'released_at', type: 'timestamptz', precision: 3, nullable: true })
  releasedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
