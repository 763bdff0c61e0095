import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../permissions.js';

/** A member of staff. */
@Entity('users')
export class User {
  @PrimaryColumn('uuid')
  id: string;
  /** Unique whatever its case. */
  @Column('text')
  email: string;
  @Column('text', { default: '' })
  name: string;
  /** argon2id, as a PHC string. */
  @Column({ name: 'password_hash', type: 'text' })
  passwordHash: string;
  @Column('text')
  role: Role;
  /** Raising it ends every access token at once. */
  @Column({ name: 'token_version', type: 'integer', default: 1 })
  tokenVersion: number;
  @Column({ name: 'suspended_at', type: 'timestamptz', precision: 3, nullable: true })
  suspendedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
