import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isForeignKeyViolation, isUniqueViolation } from '#libs/database';
import { NotFound } from '#libs/errors';
import { assertVersion } from '#libs/http';
import { newUuid } from '#libs/ids';
import type { CreateTaxClassRequest, UpdateTaxClassRequest } from './dto/tax-class.dto.js';
import { TaxClass } from './entities/index.js';
import { SettingsChanges } from './settings-changes.js';
import { TaxClassExists, TaxClassInUse } from './settings.errors.js';

/** Says which goods have tax rates of their own. */
@Injectable()
export class TaxClasses {
  constructor(private readonly changes: SettingsChanges) {}

  /** Adds a class. The same again answers the one that is there. @throws tax_class_exists when it is spelled otherwise */
  create({ name }: CreateTaxClassRequest): Promise<TaxClass> {
    const id = newUuid();
    return this.change(async (manager) => {
      const same = await manager.findOneBy(TaxClass, { name });
      if (same) return same;
      await manager.insert(TaxClass, { id, name });
      return load(manager, id);
    });
  }

  /** @throws not_found, version_mismatch, tax_class_exists */
  update(id: string, change: UpdateTaxClassRequest, expectedVersion: number | undefined): Promise<TaxClass> {
    return this.change(async (manager) => {
      const taxClass = await load(manager, id);
      assertVersion(expectedVersion, taxClass.version);
      return manager.save(Object.assign(taxClass, change, { version: taxClass.version + 1, updatedAt: new Date() }));
    });
  }

  /** @throws not_found, version_mismatch, tax_class_in_use */
  delete(id: string, expectedVersion: number | undefined): Promise<void> {
    return this.change(async (manager) => {
      assertVersion(expectedVersion, (await load(manager, id)).version);
      await manager.delete(TaxClass, { id });
    });
  }

  private async change<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.changes.run(({ manager }) => work(manager));
    } catch (error) {
      if (isUniqueViolation(error, 'tax_classes_name')) throw TaxClassExists({ cause: error });
      if (isForeignKeyViolation(error)) throw TaxClassInUse({ cause: error });
      throw error;
    }
  }
}

async function load(manager: EntityManager, id: string): Promise<TaxClass> {
  const taxClass = await manager.findOneBy(TaxClass, { id });
  if (!taxClass) throw NotFound();
  return taxClass;
}
