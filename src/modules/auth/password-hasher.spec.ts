import { createHook } from 'node:async_hooks';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimited } from '#libs/errors';
import { PasswordHasher } from './password-hasher.js';

/** What else a process does while it waits. */
const OTHERS = new Set(['PROMISE', 'TickObject', 'Microtask', 'Timeout', 'Immediate', 'WRITEWRAP', 'PIPEWRAP']);

/**
 * Counts what is handed to the threads of Node as a hash is, and not yet done.
 * @param one makes a single hash, so that it shows how they look
 */
async function watchHashes(one: () => Promise<unknown>): Promise<{ stop(): { mostAtOnce: number; all: number } }> {
  const kinds: string[] = [];
  const running = new Set<number>();
  let kindOfHash: string | undefined;
  let [mostAtOnce, all] = [0, 0];
  const hook = createHook({
    init(id, kind) {
      if (kindOfHash === undefined) kinds.push(kind);
      if (kind !== kindOfHash) return;
      running.add(id);
      all += 1;
      mostAtOnce = Math.max(mostAtOnce, running.size);
    },
    before: (id) => void running.delete(id),
  }).enable();
  await one();
  const native = kinds.filter((kind) => !OTHERS.has(kind));
  expect(native).toHaveLength(1);
  [kindOfHash] = native;
  return {
    stop: () => {
      hook.disable();
      return { mostAtOnce, all };
    },
  };
}

describe('PasswordHasher', () => {
  const passwords = new PasswordHasher();

  it('makes argon2id hashes with the costs that OWASP asks for, which fit their password only', async () => {
    const stored = await passwords.hash('velvet otter lantern');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await passwords.verify(stored, 'velvet otter lantern')).toBe(true);
    expect(await passwords.verify(stored, 'velvet otter lanterns')).toBe(false);
    expect(await passwords.hash('velvet otter lantern')).not.toBe(stored);
  });

  it('knows the same text in another Unicode form', async () => {
    const stored = await passwords.hash('caf\u00e9 au lait, s\u2019il vous pla\u00eet');
    expect(await passwords.verify(stored, 'cafe\u0301 au lait, s\u2019il vous plai\u0302t')).toBe(true);
  });

  it('lets nobody in without an account, and works as hard on it', async () => {
    const began = performance.now();
    expect(await passwords.verify(null, '')).toBe(false);
    expect(performance.now() - began).toBeGreaterThan(3);
  });

  it('tells hashes of other costs from its own', async () => {
    expect(passwords.isOutdated(await passwords.hash('x'))).toBe(false);
    expect(passwords.isOutdated('$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA')).toBe(true);
    expect(passwords.isOutdated('$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA')).toBe(true);
  });

  it('hashes on all cores but one, lets twenty wait, sends the rest away at once, and is free again afterwards', async () => {
    const cores = Math.max(1, availableParallelism() - 1);
    const hashes = await watchHashes(() => passwords.hash('one'));
    const crowd = Array.from({ length: cores + 80 }, () =>
      passwords.verify(null, 'x').then(
        () => 'done',
        (error: unknown) => error,
      ),
    );
    const answers = await Promise.all(crowd);
    const refused = answers.filter((answer) => RateLimited.is(answer));
    const done = answers.filter((answer) => answer === 'done');
    expect(hashes.stop()).toEqual({ mostAtOnce: cores, all: cores + 20 });
    expect(done.length).toBe(cores + 20);
    expect(refused.length).toBe(60);
    await sleep(0);
    for (let i = 0; i < 3; i += 1) expect(await passwords.verify(null, 'x')).toBe(false);
    const second = await Promise.all(Array.from({ length: 20 }, () => passwords.verify(null, 'x')));
    expect(second).toHaveLength(20);
  });

  it('gives the place back when a hash is broken', async () => {
    for (let i = 0; i < 30; i += 1) await expect(passwords.verify('$argon2id$not a hash', 'x')).rejects.toThrow();
    expect(await passwords.verify(null, 'x')).toBe(false);
  });
});
