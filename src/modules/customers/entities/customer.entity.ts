import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody with an account. A deleted customer stays as a row without a person, for the orders. */
@Entity('customers')
export class CustomerEntity {
  @PrimaryColumn('uuid')
  id: string;
  /** Unique whatever its case; null once deleted. */
  @Column({ type: 'text', nullable: true })
  email: string | null;
  /** argon2id, as a PHC string. */
  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash: string | null;
  @Column({ name: 'first_name', type: 'text' })
  firstName: string;
  @Column({ name: 'last_name', type: 'text' })
  lastName: string;
  @Column({ type: 'text', nullable: true })
  phone: string | null;
  @Column({ name: 'accepts_marketing', type: 'boolean' })
  acceptsMarketing: boolean;
  /** As on the invoice of a business. */
  @Column({ name: 'vat_number', type: 'text', nullable: true })
  vatNumber: string | null;
  /** Staff have seen that no tax is due. */
  @Column({ name: 'tax_exempt', type: 'boolean', default: false })
  taxExempt: boolean;
  /** What staff noted; customers see it only in the export of their data. */
  @Column({ type: 'text', nullable: true })
  note: string | null;
  @Column({ type: 'text', array: true, default: '{}' })
  tags: string[];
  /** Raising it ends every access token at once. */
  @Column({ name: 'token_version', type: 'integer', default: 1 })
  tokenVersion: number;
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true })
  deletedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
