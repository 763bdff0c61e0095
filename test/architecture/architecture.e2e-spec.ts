import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type Cruised, declared, environmentReaders, type Graph, importsBetween, ROOT } from './cruise.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** The fixture that breaks each rule which is not made of the declared graph. */
const BREAKS: Record<string, string[]> = {
  'no-cycles': ['src/modules/orders/cycle-a.ts'],
  'no-async-hooks': ['src/modules/orders/tracks-everything.ts'],
  'everything-resolves': ['src/modules/orders/leads-nowhere.js'],
  'every-module-is-declared': ['src/modules/loyalty/undeclared-module.ts'],
  'modules-through-the-door': ['src/modules/payments/past-the-door.ts'],
  'wiring-through-the-door': ['src/bootstrap/past-the-door.ts'],
  'entities-through-the-door': ['src/db/entities.ts'],
  'modules-know-no-process': ['src/modules/orders/knows-its-process.ts'],
  'modules-know-no-seed': ['src/modules/orders/knows-the-seed.ts'],
  'config-stands-alone': ['src/config/knows-the-shop.ts'],
  'every-lib-is-declared': ['libs/loyalty/src/undeclared-lib.ts'],
  'libs-know-no-shop': ['libs/errors/src/knows-the-shop.ts'],
  'libs-through-the-door': ['libs/http/src/past-the-door.ts', 'src/modules/orders/past-the-door-of-a-lib.ts'],
  'stripe-in-one-place': ['src/modules/orders/knows-stripe.ts'],
  'the-shop-embeds-nothing': ['src/bootstrap/embeds-the-emulator.ts'],
  'no-test-code': ['src/modules/orders/uses-a-spec.ts', 'src/modules/orders/uses-test-code.ts'],
  'no-development-packages': ['src/modules/orders/uses-a-development-package.ts'],
};

const sorted = (graph: Graph) =>
  Object.fromEntries(Object.entries(graph).map(([name, uses]) => [name, [...uses].sort()]));

describe('The architecture', () => {
  let house: Cruised;
  let graph: Awaited<ReturnType<typeof declared>>;

  beforeAll(async () => {
    [house, graph] = await Promise.all([cruise(ROOT), declared()]);
  });

  it('breaks none of its rules', () => {
    expect(house.broken).toEqual([]);
  });

  it('imports between modules and between libs exactly what is declared, and nothing less', () => {
    expect(importsBetween(house, 'src/modules')).toEqual(sorted(graph.modules));
    expect(importsBetween(house, 'libs')).toEqual(sorted(graph.libs));
  });

  it('lets a module use only those that stand before it', () => {
    for (const part of [graph.modules, graph.libs]) {
      const names = Object.keys(part);
      for (const [name, uses] of Object.entries(part)) {
        expect(names.slice(0, names.indexOf(name))).toEqual(expect.arrayContaining([...uses]));
      }
    }
  });

  it('starts the modules in the declared order', () => {
    const source = readFileSync(join(ROOT, 'src/modules/index.ts'), 'utf8');
    const list = /modules: Type\[\] = \[([^\]]*)\]/.exec(source)![1]!;
    const started = [...list.matchAll(/(\w+)Module/g)].map(([, name]) => name!.toLowerCase());
    // Pricing is rules only: there is nothing to start.
    expect(started).toEqual(Object.keys(graph.modules).filter((name) => name !== 'pricing'));
  });

  it('reads the environment in src/config alone', () => {
    expect(environmentReaders(ROOT)).toEqual([]);
  });
});

describe('The rules of the architecture', () => {
  it('each refuse the fixture that breaks it, and nothing that is allowed', async () => {
    const { modules, libs, rules } = await declared();
    const expected = [
      ...Object.entries(BREAKS).flatMap(([rule, files]) => files.map((file) => `${rule}: ${file}`)),
      ...Object.keys(modules).map((name) => `declared-imports-of-${name}: src/modules/${name}/undeclared-import.ts`),
      ...Object.keys(libs).map((name) => `declared-imports-of-lib-${name}: libs/${name}/src/undeclared-import.ts`),
    ];
    const { broken } = await cruise(FIXTURES);
    expect(broken).toEqual(expected.sort());
    expect([...new Set(broken.map((line) => line.split(': ')[0]))].sort()).toEqual([...rules].sort());
  });

  it('find the files that read the environment', () => {
    expect(environmentReaders(FIXTURES)).toEqual([
      'src/modules/orders/imports-the-environment.ts',
      'src/modules/orders/reads-the-environment.ts',
    ]);
  });
});
