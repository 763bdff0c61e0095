import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One link of a session: each refresh uses it up and makes the next one of its family. */
@Entity('refresh_tokens')
export class RefreshToken {
  @PrimaryColumn('uuid')
  id: string;
  /** Of a session of staff. */
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId: string | null;
  /** Of a session of a customer. */
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  /** The program that signed in, as it called itself. */
  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent: string | null;
  /** The session. */
  @Column({ name: 'family_id', type: 'uuid' })
  familyId: string;
  /** SHA-256 of the token; the token itself is not kept. */
  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;
  @Column({ name: 'used_at', type: 'timestamptz', precision: 3, nullable: true })
  usedAt: Date | null;
  /** Set on one link, it ends the whole family. */
  @Column({ name: 'revoked_at', type: 'timestamptz', precision: 3, nullable: true })
  revokedAt: Date | null;
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
