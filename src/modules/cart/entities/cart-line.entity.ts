import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One variant in a cart. */
@Entity('cart_lines')
export class CartLine {
  @PrimaryColumn({ name: 'cart_id', type: 'uuid' })
  cartId: string;
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'variant_id', type: 'uuid' })
  variantId: string;
  @Column('int')
  quantity: number;
  @Column({ name: 'seen_amount', type: 'bigint' })
  seenAmount: number;
  /** Of a gift card: who gets it, if not the buyer. */
  @Column({ name: 'recipient_email', type: 'text', nullable: true })
  recipientEmail: string | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
