import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One change of a gift card or of store credit. Append-only. */
@Entity('credit_transactions')
export class CreditTransaction {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'gift_card_id', type: 'uuid', nullable: true })
  giftCardId: string | null;
  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: string | null;
  @Column('text')
  kind: string;
  @Column('bigint')
  delta: number;
  @Column({ name: 'balance_after', type: 'bigint' })
  balanceAfter: number;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column({ name: 'order_id', type: 'uuid', nullable: true })
  orderId: string | null;
  @Column({ name: 'refund_id', type: 'uuid', nullable: true })
  refundId: string | null;
  @Column('text')
  reason: string;
  @Column('text')
  actor: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
