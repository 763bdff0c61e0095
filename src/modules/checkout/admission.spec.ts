import { setTimeout as sleep } from 'node:timers/promises';
import { Admission } from './admission.js';

describe('Admission', () => {
  it('runs at most so many at once, in the order in which they came', async () => {
    const admission = new Admission(2, 1_000, 100);
    let active = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        admission.run(async () => {
          order.push(i);
          most = Math.max(most, (active += 1));
          await sleep(1);
          active -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
  it('turns away when the wait is over or the line too long, and goes on afterwards', async () => {
    const admission = new Admission(1, 20, 1);
    let release = () => {};
    const first = admission.run(() => new Promise<void>((resolve) => (release = resolve)));
    const second = admission.run(async () => 'second');
    await expect(admission.run(async () => 'third')).rejects.toMatchObject({ code: 'overloaded' });
    await expect(second).rejects.toMatchObject({ code: 'overloaded' });
    release();
    await first;
    await expect(admission.run(async () => 'fourth')).resolves.toBe('fourth');
  });
});
