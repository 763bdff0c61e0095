import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExternalIdentity } from '../identities.repository.js';

/** What makes codes on the telephone of a member of staff or a customer. */
@Entity('two_factors')
export class TwoFactorEntity {
  @PrimaryColumn('uuid')
  id: string;
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId: string | null;
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  /** Encrypted with the key of the application. */
  @Column('bytea')
  secret: Buffer;
  /** It counts from then on. */
  @Column({ name: 'confirmed_at', type: 'timestamptz', precision: 3, nullable: true })
  confirmedAt: Date | null;
  @Column({ name: 'codes_made_at', type: 'timestamptz', precision: 3, nullable: true })
  codesMadeAt: Date | null;
  /** The half minute whose code was used last. */
  @Column({ name: 'last_step', type: 'bigint', default: 0 })
  lastStep: number;
  /** Wrong codes since the last right one. */
  @Column({ type: 'integer', default: 0 })
  failures: number;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}

/** A code that replaces the telephone, once. */
@Entity('recovery_codes')
export class RecoveryCode {
  @PrimaryColumn({ name: 'two_factor_id', type: 'uuid' })
  twoFactorId: string;
  /** With the key of the application: the database alone does not tell whether a guess fits. */
  @PrimaryColumn({ name: 'code_hash', type: 'bytea' })
  codeHash: Buffer;
  @Column({ name: 'used_at', type: 'timestamptz', precision: 3, nullable: true })
  usedAt: Date | null;
}

/** Somebody has shown the password, or a provider vouches for them, and is asked for a code. */
@Entity('login_challenges')
export class LoginChallenge {
  @PrimaryColumn('uuid')
  id: string;
  /** SHA-256 of the challenge. */
  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;
  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId: string | null;
  @Column({ name: 'customer_id', type: 'uuid', nullable: true })
  customerId: string | null;
  @Column({ name: 'token_version', type: 'integer' })
  tokenVersion: number;
  /** Another password ends the challenge. */
  @Column({ name: 'password_mark', type: 'bytea' })
  passwordMark: Buffer;
  /** At a provider, to be linked with the right code. */
  @Column({ type: 'jsonb', nullable: true })
  identity: ExternalIdentity | null;
  @Column({ type: 'integer', default: 0 })
  attempts: number;
  @Column({ name: 'used_at', type: 'timestamptz', precision: 3, nullable: true })
  usedAt: Date | null;
  @Column({ name: 'expires_at', type: 'timestamptz', precision: 3 })
  expiresAt: Date;
}
