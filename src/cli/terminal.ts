import { once } from 'node:events';

/** Where a command writes: results to stdout, progress to stderr, so that results can be piped. */
export class Terminal {
  private hasProgress = false;

  constructor(
    private readonly out: NodeJS.WritableStream = process.stdout,
    private readonly err: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
  ) {}

  /** A line of the result. */
  line(text = ''): void {
    this.endProgress();
    this.out.write(`${text}\n`);
  }

  /** A piece of a file, as it is. Waits for slow readers. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.out.write(bytes)) await once(this.out, 'drain');
  }

  /** A line about what went wrong. */
  error(text: string): void {
    this.endProgress();
    this.err.write(`${text}\n`);
  }

  /** Shows how far it is, in place; not where nobody watches. */
  progress(text: string): void {
    if (!this.err.isTTY) return;
    this.err.write(`\r\u001b[2K${text}`);
    this.hasProgress = true;
  }

  /** Columns that line up; numbers to the right. */
  table(rows: readonly (readonly (string | number)[])[]): void {
    const widths: number[] = [];
    for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, String(cell).length)));
    for (const row of rows) {
      const cells = row.map((cell, i) =>
        typeof cell === 'number' ? String(cell).padStart(widths[i]!) : String(cell).padEnd(widths[i]!),
      );
      this.line(`  ${cells.join('  ').trimEnd()}`);
    }
  }

  private endProgress(): void {
    if (this.hasProgress) this.err.write('\r\u001b[2K');
    this.hasProgress = false;
  }
}
