import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An event of a payment provider that reached us; each is stored once. */
@Entity('webhook_receipts')
export class WebhookReceipt {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  provider: string;
  @Column({ name: 'event_id', type: 'text', unique: true })
  eventId: string;
  @Column('text')
  type: string;
  @Column({ name: 'object_ref', type: 'text', nullable: true })
  objectRef: string | null;
  @Column({ name: 'api_version', type: 'text', nullable: true })
  apiVersion: string | null;
  @Column({ name: 'received_at', type: 'timestamptz', precision: 3 })
  receivedAt: Date;
  @Column({ name: 'processed_at', type: 'timestamptz', precision: 3, nullable: true })
  processedAt: Date | null;
  @Column({ type: 'text', nullable: true })
  outcome: string | null;
}
