import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation, isUniqueViolation } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import type { CreateShippingProfileRequest, UpdateShippingProfileRequest } from './dto/shipping-profile.dto.js';
import { ShippingProfile } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { ShippingProfileExists, ShippingProfileInUse } from './settings.errors.js';

/** Says which goods are shipped in another way than the rest. Their variants name the profile, methods give its price. */
@Injectable()
export class ShippingProfiles {
  constructor(private readonly changes: SettingsChanges) {}

  /** Adds a profile. The same again answers the one that is there. @throws shipping_profile_exists */
  create({ name, description = '' }: CreateShippingProfileRequest): Promise<ShippingProfile> {
    return this.change(async (manager) => {
      const same = await manager.findOneBy(ShippingProfile, { name, description });
      if (same) return same;
      const { id } = await manager.save(manager.create(ShippingProfile, { id: newUuid(), name, description }));
      return manager.findOneByOrFail(ShippingProfile, { id });
    });
  }

  /** @throws not_found, version_mismatch, shipping_profile_exists */
  update(
    id: string,
    change: UpdateShippingProfileRequest,
    expectedVersion: number | undefined,
  ): Promise<ShippingProfile> {
    return this.change(async (manager) => {
      const profile = await manager.findOneBy(ShippingProfile, { id });
      if (!profile) throw NotFound();
      assertVersion(expectedVersion, profile.version);
      return manager.save(Object.assign(profile, change, { version: profile.version + 1, updatedAt: new Date() }));
    });
  }

  /** @throws not_found, version_mismatch, shipping_profile_in_use */
  delete(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.change(async (manager) => {
      const profile = await manager.findOneBy(ShippingProfile, { id });
      if (!profile) throw NotFound();
      assertVersion(expectedVersion, profile.version);
      const used: { name: string }[] = await manager.query(
        `SELECT name FROM shipping_methods WHERE profile_rates @> jsonb_build_array(jsonb_build_object('profileId', $1::text))`,
        [id],
      );
      if (used.length > 0) throw ShippingProfileInUse({ data: { methods: used.map(({ name }) => name) } });
      await manager.delete(ShippingProfile, { id });
    });
  }

  private async change<T>(
    work: (manager: Parameters<Parameters<SettingsChanges['run']>[0]>[0]['manager']) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.changes.run(({ manager }) => work(manager));
    } catch (error) {
      if (isUniqueViolation(error, 'shipping_profiles_name')) throw ShippingProfileExists({ cause: error });
      if (isForeignKeyViolation(error, 'variants_shipping_profile')) throw ShippingProfileInUse({ cause: error });
      throw error;
    }
  }
}
