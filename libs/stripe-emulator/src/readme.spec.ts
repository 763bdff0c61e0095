import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from './clock.js';
import { Engine } from './engine.js';
import { seededRandom } from './random.js';
import { Resources } from './resources/index.js';
import { Store } from './store.js';
import { testCardNames } from './test-cards.js';
import { createEmulator } from './testing.js';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const named = (pattern: RegExp): string[] => [...readme.matchAll(pattern)].map(([, name]) => name!).toSorted();

it('lists every operation of the API and no other', () => {
  const engine = new Engine(new Store(), systemClock, seededRandom(1), 0, 1, () => undefined);
  const routes = new Resources(engine).routes.map(({ method, pattern }) => `${method} ${pattern}`);
  expect(named(/`((?:GET|POST|DELETE) \/v\d\/[^`]+)`/g)).toEqual(routes.toSorted());
});

it('lists every operation of the control panel and no other', async () => {
  const emulator = await createEmulator();
  const response = await fetch(`${emulator.url}/_emulator/nothing`);
  const { error } = (await response.json()) as { error: { operations: string[] } };
  await emulator.close();
  expect(response.status).toBe(404);
  expect(named(/`((?:GET|POST|DELETE) \/_emulator\/[^`]+)`/g)).toEqual(error.operations.toSorted());
});

it('lists every test card', () => {
  expect(testCardNames().filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
