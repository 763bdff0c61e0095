import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A place that holds stock. */
@Entity('locations')
export class Location {
  @PrimaryColumn('uuid')
  id: string;
  @Column('text')
  name: string;
  @Column({ name: 'is_default', type: 'boolean', default: false })
  isDefault: boolean;
  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt: Date;
}

/** Made by the migration; orders take their stock from it. */
export const DEFAULT_LOCATION_ID = '01920000-0000-7000-8000-000000000001';
