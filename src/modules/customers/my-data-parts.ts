import { Injectable } from '@nestjs/common';
import { log } from '#libs/log';

type Read = (customerId: string) => Promise<readonly object[]>;

/** What modules that stand above this one know of a customer, for the export: they say so when they start. */
@Injectable()
export class MyDataParts {
  private readonly parts = new Map<string, Read>();

  add(name: string, read: Read): void {
    this.parts.set(name, read);
  }

  /** What cannot be read now keeps nobody from the rest. */
  async read(customerId: string): Promise<{ more: Record<string, readonly object[]>; missing: string[] }> {
    const more: Record<string, readonly object[]> = {};
    const missing: string[] = [];
    for (const [name, read] of this.parts) {
      try {
        more[name] = await read(customerId);
      } catch (error) {
        log.warn('export.part_not_readable', { part: name, error });
        missing.push(name);
      }
    }
    return { more, missing };
  }
}
