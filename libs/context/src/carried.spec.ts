import { once, EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Carried } from './carried.js';

const name = new Carried<string>();
const other = new Carried<number>();

/** How many frames a promise of this moment carries. */
function depthOf(): number {
  const promise = Promise.resolve() as unknown as Record<symbol, { around?: unknown }>;
  const frame = Object.getOwnPropertySymbols(promise).find((symbol) => symbol.description === 'frame');
  let depth = 0;
  for (let one = frame && promise[frame]; one; one = one.around as typeof one) depth += 1;
  return depth;
}

describe('what is carried', () => {
  it('is there in the work, after each kind of await, and nowhere else', async () => {
    expect(name.get()).toBeUndefined();
    const seen = await name.run('a', async () => {
      const found = [name.get()];
      const note = () => found.push(name.get());
      await Promise.resolve();
      note();
      await sleep(1);
      note();
      await new Promise((resolve) => setImmediate(resolve));
      note();
      await Promise.resolve().then(note);
      await Promise.reject(new Error('no')).catch(note);
      await Promise.all([sleep(1).then(note), (async () => (await sleep(2), note()))()]);
      const emitter = new EventEmitter();
      setTimeout(() => emitter.emit('now'), 1);
      await once(emitter, 'now');
      note();
      for await (const _ of Readable.from(['x', 'y'])) note();
      await new Promise((resolve) => setTimeout(() => name.run('somebody', () => resolve(null)), 1));
      note();
      return found;
    });
    expect(seen).toEqual(Array.from(seen, () => 'a'));
    expect(seen).toHaveLength(12);
    expect(name.get()).toBeUndefined();
  });

  it('is the innermost, and the one around it again afterwards, whatever happens in between', async () => {
    await name.run('outer', async () => {
      const inner = name.run('inner', async () => {
        await sleep(2);
        return name.get();
      });
      expect(name.get()).toBe('outer');
      expect(await inner).toBe('inner');
      expect(name.get()).toBe('outer');
      expect(() =>
        name.run('failing', () => {
          throw new Error('no');
        }),
      ).toThrow('no');
      expect(name.get()).toBe('outer');
      await expect(name.run('failing', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(name.get()).toBe('outer');
    });
    expect(name.get()).toBeUndefined();
  });

  it('does not drag along what it hides', async () => {
    const depths = new Set<number>();
    const nest = async (left: number): Promise<void> => {
      depths.add(depthOf());
      if (left > 0) await name.run(String(left), () => other.run(left, async () => nest(left - 1)));
    };
    await name.run('outer', () => nest(50));
    expect(Math.max(...depths)).toBe(2);
    expect(name.get()).toBeUndefined();
  });

  it('does not get in the way of another value', async () => {
    await name.run('a', () =>
      other.run(1, async () => {
        await sleep(1);
        expect([name.get(), other.get()]).toEqual(['a', 1]);
        await name.run('b', async () => {
          await sleep(1);
          expect([name.get(), other.get()]).toEqual(['b', 1]);
        });
      }),
    );
    expect([name.get(), other.get()]).toEqual([undefined, undefined]);
  });

  it('belongs to each of a thousand works that wait for one another', async () => {
    let turn: (() => void)[] = [];
    const pass = () => new Promise<void>((resolve) => turn.push(resolve));
    const work = async (i: number) => {
      for (let step = 0; step < 20; step += 1) {
        if ((i + step) % 3 === 0) await pass();
        else if ((i + step) % 3 === 1) await sleep(0);
        else await Promise.resolve();
        if (name.get() !== String(i)) return false;
      }
      return true;
    };
    const all = Promise.all(Array.from({ length: 1_000 }, (_, i) => name.run(String(i), () => work(i))));
    let done = false;
    void all.finally(() => (done = true));
    while (!done) {
      await sleep(0);
      const waiting = turn;
      turn = [];
      // Let go by somebody who carries something else, or nothing.
      waiting.forEach((go, i) => (i % 2 === 0 ? name.run('somebody', go) : go()));
    }
    expect((await all).every(Boolean)).toBe(true);
  });

  it('is not carried by callbacks of timers and streams, which run the rest of the work anew', async () => {
    const inCallback = await name.run(
      'a',
      () => new Promise((resolve) => setTimeout(() => resolve([name.get(), name.run('b', () => name.get())]), 1)),
    );
    expect(inCallback).toEqual([undefined, 'b']);
  });
});
