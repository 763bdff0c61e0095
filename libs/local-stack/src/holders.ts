import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, startMarkOf } from './processes.js';

/**
 * The processes that use one local service: `npm start` and a command beside it share a server, and the last one to leave stops it.
 * A process that was killed is not counted.
 */
export class Holders {
  constructor(private readonly folder: string) {}

  /** Notes that this process uses the service. */
  join(): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, String(process.pid)), startMarkOf(process.pid));
  }

  /** Forgets this process and tells whether another one still uses the service. */
  leave(): boolean {
    rmSync(join(this.folder, String(process.pid)), { force: true });
    return this.others().length > 0;
  }

  /** Ids of other living processes that use the service. */
  others(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return [];
    }
    return names.map(Number).filter((pid) => {
      if (pid === process.pid) return false;
      try {
        if (isAlive(pid) && readFileSync(join(this.folder, String(pid)), 'utf8') === startMarkOf(pid)) return true;
      } catch {
        return false;
      }
      rmSync(join(this.folder, String(pid)), { force: true });
      return false;
    });
  }
}
