import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { CommandFailure } from '../command.js';
import { END_OF_ROWS } from './format.js';

const LINE_FEED = 0x0a;
const END = Buffer.from(END_OF_ROWS);
const END_BELOW_A_ROW = Buffer.from(`\n${END_OF_ROWS}`);

/** Reads a backup piece by piece: lines, rows, bytes. */
export class BackupReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(file: string) {
    const compressed = createReadStream(file);
    const content = createGunzip();
    compressed.on('error', (error) => content.destroy(error));
    this.chunks = (compressed.pipe(content) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** The next line as JSON. */
  async entry<T>(): Promise<T> {
    for (let from = 0; ;) {
      const end = this.rest.indexOf(LINE_FEED, from);
      if (end >= 0) {
        const line = this.take(end + 1);
        try {
          return JSON.parse(line.toString('utf8')) as T;
        } catch {
          throw new CommandFailure('This is not a backup of Emporium, or it is damaged.');
        }
      }
      from = this.rest.length;
      await this.more();
    }
  }

  /** The rows of a table up to its end mark, in pieces of whole rows. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.rest.subarray(0, END.length).equals(END)) {
        this.take(END.length);
        return;
      }
      const end = this.rest.indexOf(END_BELOW_A_ROW);
      const whole = end >= 0 ? end + 1 : this.rest.lastIndexOf(LINE_FEED) + 1;
      if (whole > 0) yield this.take(whole);
      else await this.more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.rest.length < count) await this.more();
    return this.take(count);
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private take(count: number): Buffer {
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return taken;
  }

  private async more(): Promise<void> {
    const next = await this.chunks.next().catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new CommandFailure(`There is no file ${error.path}.`);
      if (error.code === 'Z_DATA_ERROR')
        throw new CommandFailure('This is not a backup of Emporium, or it is damaged.');
      if (error.code === 'Z_BUF_ERROR') throw new CommandFailure('The backup is incomplete; nothing was restored.');
      throw error;
    });
    if (next.done) throw new CommandFailure('The backup is incomplete; nothing was restored.');
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, next.value]) : next.value;
  }
}
