import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Says which storefront asks. */
@Entity('publishable_keys')
export class PublishableKey {
  @PrimaryColumn('uuid')
  id: string;
  /** Of keys that earlier releases made, until they are replaced. */
  @Column({ type: 'text', nullable: true })
  key: string | null;
  @Column({ name: 'plain_until', type: 'timestamptz', precision: 3, nullable: true })
  plainUntil: Date | null;
  @Column({ name: 'key_hash', type: 'bytea' })
  keyHash: Buffer;
  @Column('text')
  hint: string;
  @Column('text')
  name: string;
  /** What X-Currency is where a request says none. */
  @Column({ type: 'char', length: 3, nullable: true })
  currency: string | null;
  /** What X-Country is where a request says none. */
  @Column({ type: 'char', length: 2, nullable: true })
  country: string | null;
  /** Pages that may use it; all when there are none. */
  @Column({ type: 'text', array: true, default: '{}' })
  origins: string[];
  @Column({ name: 'requests_per_min', type: 'integer', nullable: true })
  requestsPerMin: number | null;
  @Column({ name: 'created_by', type: 'uuid' })
  createdBy: string;
  @Column({ type: 'uuid', nullable: true })
  replaces: string | null;
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3, nullable: true })
  expiresAt: Date | null;
  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt: Date | null;
  @Column({ type: 'integer', default: 1 })
  version: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
