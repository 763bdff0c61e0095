import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often a promotion with a limit was used. */
@Entity('promotion_limits')
export class PromotionLimit {
  @PrimaryColumn({ name: 'promotion_id', type: 'uuid' })
  promotionId: string;
  @Column({ name: 'max_uses', type: 'integer', nullable: true })
  maxUses: number | null;
  @Column({ name: 'max_uses_per_customer', type: 'integer', nullable: true })
  maxUsesPerCustomer: number | null;
  /** Counted only where `maxUses` is not null. */
  @Column('integer', { default: 0 })
  uses: number;
}

/** How often a customer has used a promotion with a limit for each. */
@Entity('promotion_customers')
export class PromotionCustomer {
  /** `promotion_customer_keys()` of the e-mail address or the account. */
  @PrimaryColumn('bytea')
  key: Buffer;
  @PrimaryColumn({ name: 'promotion_id', type: 'uuid' })
  promotionId: string;
  @Column('integer')
  uses: number;
}
