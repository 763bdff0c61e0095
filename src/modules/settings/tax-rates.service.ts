import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation, isUniqueViolation, type Tx } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import type { CreateTaxRateRequest, UpdateTaxRateRequest } from './dto/tax-rate.dto.js';
import { TaxRate } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { TaxRateExists } from './settings.errors.js';

const ofPlace = (state: string | null | undefined) => state?.toUpperCase() ?? null;

/** Says what tax is due where. Orders that were placed keep the rate of their day. */
@Injectable()
export class TaxRatesService {
  constructor(private readonly changes: SettingsChanges) {}

  /**
   * Adds the rate of a place. The same again answers the one that is there.
   * @throws tax_rate_exists when the place has another one for the class; validation_failed when there is no such class
   */
  create(request: CreateTaxRateRequest): Promise<TaxRate> {
    const { name, country, ratePpm, shipping = true, taxClassId = null } = request;
    const state = ofPlace(request.state);
    return this.knowingClasses(async (tx) => {
      const made = await tx.query(
        `INSERT INTO tax_rates (id, name, country, state, rate_ppm, shipping, tax_class_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (country, coalesce(upper(state), ''), tax_class_id) DO NOTHING RETURNING 1`,
        [newUuid(), name, country, state, ratePpm, shipping, taxClassId],
      );
      const rate = await tx.manager
        .createQueryBuilder(TaxRate, 'rate')
        .where(`rate.country = :country AND coalesce(upper(rate.state), '') = :state`, { country, state: state ?? '' })
        .andWhere(`rate.tax_class_id IS NOT DISTINCT FROM :taxClassId::uuid`, { taxClassId })
        .getOneOrFail();
      const isSame = rate.name === name && rate.ratePpm === ratePpm && rate.shipping === shipping;
      if (made.length === 0 && !isSame) throw TaxRateExists();
      return rate;
    });
  }

  /** Changes what is given. @throws not_found, version_mismatch, tax_rate_exists */
  async update(id: string, change: UpdateTaxRateRequest, expectedVersion: number | undefined): Promise<TaxRate> {
    try {
      return await this.knowingClasses(async ({ manager }) => {
        const rate = await manager.findOneBy(TaxRate, { id });
        if (!rate) throw NotFound();
        assertVersion(expectedVersion, rate.version);
        Object.assign(rate, change, { version: rate.version + 1, updatedAt: new Date() });
        rate.state = ofPlace(rate.state);
        return manager.save(rate);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'tax_rates_place')) throw TaxRateExists({ cause: error });
      throw error;
    }
  }

  /** Deletes a rate: nothing is added any more where it was the only one. @throws not_found, version_mismatch */
  delete(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.changes.run(async ({ manager }) => {
      const rate = await manager.findOneBy(TaxRate, { id });
      if (!rate) throw NotFound();
      assertVersion(expectedVersion, rate.version);
      await manager.delete(TaxRate, { id });
    });
  }

  private async knowingClasses<T>(change: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.changes.run(change);
    } catch (error) {
      if (!isForeignKeyViolation(error, 'tax_rates_class')) throw error;
      const detail = 'there is no such tax class';
      throw ValidationFailed({ errors: [{ pointer: '/taxClassId', code: 'not_found', detail }], cause: error });
    }
  }
}
