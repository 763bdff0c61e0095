import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

interface Restorable {
  get(id: string): unknown;
  restore(id: string, item: undefined): void;
  values(): IterableIterator<{ id: string }>;
}
/** Written when it is this much longer than what it holds. */
const COMPACT_AT_BYTES = 64 * 1024 * 1024;

/**
 * Keeps the state in a file of lines `[kind, id, object or null]`, appended as objects change and rewritten at start.
 * A line that a killed process left half written is the last one and is skipped.
 */
export class Journal {
  private readonly dirty = new Map<string, [kind: string, id: string]>();
  private descriptor: number | undefined;
  private written = 0;

  constructor(private readonly file: string | undefined) {}

  /** Notes that an object is to be written by the next flush. */
  changed(kind: string, id: string): void {
    if (this.file !== undefined) this.dirty.set(`${kind}/${id}`, [kind, id]);
  }

  /** Brings back what the file holds and rewrites it in its shortest form. */
  load(kinds: Record<string, Restorable>): void {
    if (this.file === undefined) return;
    mkdirSync(dirname(this.file), { recursive: true });
    if (existsSync(this.file)) {
      for (const line of readFileSync(this.file, 'utf8').split('\n')) {
        if (line === '') continue;
        let entry: [kind: string, id: string, item: unknown];
        try {
          entry = JSON.parse(line) as typeof entry;
        } catch {
          continue;
        }
        const [kind, id, item] = entry;
        kinds[kind]?.restore(id, (item ?? undefined) as undefined);
      }
    }
    this.compact(kinds);
  }

  flush(kinds: Record<string, Restorable>): void {
    if (this.dirty.size === 0 || this.descriptor === undefined) return;
    let lines = '';
    for (const [kind, id] of this.dirty.values()) lines += line(kind, id, kinds[kind]?.get(id) ?? null);
    this.dirty.clear();
    this.written += writeSync(this.descriptor, lines);
    if (this.written > COMPACT_AT_BYTES) this.compact(kinds);
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private compact(kinds: Record<string, Restorable>): void {
    if (this.file === undefined) return;
    this.close();
    const fresh = `${this.file}.new`;
    let lines = '';
    for (const [kind, items] of Object.entries(kinds)) {
      for (const item of items.values()) lines += line(kind, item.id, item);
    }
    writeFileSync(fresh, lines, { mode: 0o600 });
    renameSync(fresh, this.file);
    this.descriptor = openSync(this.file, 'a', 0o600);
    this.written = 0;
  }
}

const line = (kind: string, id: string, item: unknown): string => `${JSON.stringify([kind, id, item])}\n`;
