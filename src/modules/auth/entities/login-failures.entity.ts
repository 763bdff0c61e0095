import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Wrong passwords in a row for an address, whether somebody has it or not. */
@Entity('login_failures')
export class LoginFailureCount {
  /** SHA-256 of the address in lower case. */
  @PrimaryColumn('bytea')
  account: Buffer;
  /** From networks that the account was not signed in to from. */
  @Column({ type: 'smallint', default: 0 })
  strangers: number;
  /** From networks that it was. */
  @Column({ type: 'smallint', default: 0 })
  known: number;
  /** Read and written by earlier releases only. */
  @Column({ name: 'is_account', type: 'boolean', default: true })
  isAccount: boolean;
  @Column({ name: 'failed_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  failedAt: Date;
}

/** A network that the owner of an account was signed in from lately. */
@Entity('login_places')
export class LoginPlace {
  @PrimaryColumn('bytea')
  account: Buffer;
  /** With the key of the application: the database alone does not tell which network. */
  @PrimaryColumn('bytea')
  place: Buffer;
  @Column({ name: 'known_until', type: 'timestamptz', precision: 3 })
  knownUntil: Date;
}
