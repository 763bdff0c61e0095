import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money that a customer has with the shop, in one currency. */
@Entity('store_credit_accounts')
export class StoreCreditAccount {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  @Column({ type: 'char', length: 3 })
  currency: string;
  @Column('bigint')
  balance: number;
  @Column('int')
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3 })
  updatedAt: Date;
}
