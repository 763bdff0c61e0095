import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An account at a provider of identities with which a customer or a member of staff signs in. */
@Entity('identities')
export class Identity {
  @PrimaryColumn('uuid')
  id: string;
  /** As the settings name it. */
  @Column('text')
  provider: string;
  @Column('text')
  issuer: string;
  /** With the issuer, who it is for good; addresses may change hands. */
  @Column('text')
  subject: string;
  @Column({ type: 'text', nullable: true })
  email: string | null;
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId: string | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'last_used_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  lastUsedAt: Date;
}
