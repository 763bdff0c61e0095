import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money in advance, for whoever knows the code. */
@Entity('gift_cards')
export class GiftCard {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'code_hash', type: 'bytea', unique: true })
  codeHash: Buffer;
  @Column('text')
  last4: string;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column({ name: 'initial_amount', type: 'bigint' })
  initialAmount: number;
  @Column('bigint')
  balance: number;
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;
  @Column({ name: 'disabled_at', type: 'timestamptz', precision: 3, nullable: true })
  disabledAt: Date | null;
  /** Disabled because its piece was given back, not by staff. */
  @Column({ name: 'taken_back_at', type: 'timestamptz', precision: 3, nullable: true })
  takenBackAt: Date | null;
  /** Where it was bought, if it was. */
  @Column({ name: 'order_id', type: 'uuid', nullable: true })
  orderId: string | null;
  @Column({ name: 'order_line_id', type: 'uuid', nullable: true })
  orderLineId: string | null;
  @Column({ type: 'int', nullable: true })
  piece: number | null;
  @Column({ name: 'recipient_email', type: 'text', nullable: true })
  recipientEmail: string | null;
  @Column('text')
  note: string;
  @Column('int')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
