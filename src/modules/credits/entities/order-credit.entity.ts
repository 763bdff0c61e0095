import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a gift card or store credit pays of an order. */
@Entity('order_credits')
export class OrderCredit {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'order_id', type: 'uuid' })
  orderId: string;
  @Column('int')
  position: number;
  @Column({ name: 'gift_card_id', type: 'uuid', nullable: true })
  giftCardId: string | null;
  @Column({ name: 'account_id', type: 'uuid', nullable: true })
  accountId: string | null;
  @Column('bigint')
  amount: number;
  @Column('bigint')
  refunded: number;
  /** `returned`: the order ended before it was paid. */
  @Column('text')
  state: 'spent' | 'returned';
}

/** A gift card that a cart is to be paid with. */
@Entity('cart_gift_cards')
export class CartGiftCard {
  @PrimaryColumn({ name: 'cart_id', type: 'uuid' })
  cartId: string;
  @PrimaryColumn({ name: 'gift_card_id', type: 'uuid' })
  giftCardId: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}
