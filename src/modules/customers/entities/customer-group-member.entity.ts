import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A customer in a group. */
@Entity('customer_group_members')
export class CustomerGroupMember {
  @PrimaryColumn({ name: 'customer_id', type: 'uuid' })
  customerId: string;
  @PrimaryColumn({ name: 'group_id', type: 'uuid' })
  groupId: string;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
