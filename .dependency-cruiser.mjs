import { LIBS, MODULES } from './src/modules/graph.mjs';

const anyOf = (names) => `(?:${names.join('|')})`;
const SPEC = '\\.spec\\.ts$';
/** Everything of the shop that is not a module: it wires things together. */
const WIRING = '^src/(?!modules/)';

/** One rule for each module: what it may import of the others is what src/modules/graph.mjs says. */
const declaredModules = Object.entries(MODULES).map(([name, allowed]) => ({
  name: `declared-imports-of-${name}`,
  comment: `src/modules/graph.mjs does not let ${name} use this module: calls go down the graph, events go up it`,
  severity: 'error',
  from: { path: `^src/modules/${name}/` },
  to: { path: '^src/modules/[^/]+/', pathNot: `^src/modules/${anyOf([name, ...allowed])}/` },
}));

const declaredLibs = Object.entries(LIBS).map(([name, allowed]) => ({
  name: `declared-imports-of-lib-${name}`,
  comment: `src/modules/graph.mjs does not let libs/${name} use this lib`,
  severity: 'error',
  from: { path: `^libs/${name}/` },
  to: { path: '^libs/[^/]+/', pathNot: `^libs/${anyOf([name, ...allowed])}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one file, or lack a third',
      severity: 'error',
      from: {},
      to: {
        circular: true,
        // swc does not tell a type from a value. These need each other's types only, or TypeORM resolves them lazily:
        // entities with relations, responses made from a query's rows, the emulator's admin page.
        viaOnly: {
          pathNot: '^src/modules/[^/]+/(?:entities|dto)/|^libs/stripe-emulator/src/admin\\.ts$',
        },
      },
    },
    {
      name: 'everything-resolves',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-async-hooks',
      comment: 'one use makes every promise of the process dearer (ADR 0029): use Carried of libs/context',
      severity: 'error',
      from: { path: '^(?:src|libs)/', pathNot: SPEC },
      to: { path: '^(?:node:)?async_hooks$' },
    },
    ...declaredModules,
    {
      name: 'every-module-is-declared',
      comment: 'a module that src/modules/graph.mjs does not name',
      severity: 'error',
      from: { path: '^src/modules/[^/]+/', pathNot: `^src/modules/${anyOf(Object.keys(MODULES))}/` },
      to: {},
    },
    {
      name: 'modules-through-the-door',
      comment: 'another module is used only through its index.ts',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/[^/]+/', pathNot: ['^src/modules/$1/', '^src/modules/[^/]+/index\\.ts$'] },
    },
    {
      name: 'wiring-through-the-door',
      comment: 'what wires modules together uses their index.ts; the list of entities may open entities/index.ts',
      severity: 'error',
      from: { path: WIRING, pathNot: '^src/db/entities\\.ts$' },
      to: { path: '^src/modules/', pathNot: ['^src/modules/[^/]+/index\\.ts$', '^src/modules/index\\.ts$'] },
    },
    {
      name: 'entities-through-the-door',
      comment: 'the list of entities takes them from entities/index.ts of each module',
      severity: 'error',
      from: { path: '^src/db/entities\\.ts$' },
      to: { path: '^src/modules/', pathNot: '^src/modules/[^/]+/entities/index\\.ts$' },
    },
    {
      name: 'modules-know-no-process',
      comment: 'what sits directly in src/ wires things together; a module does not reach up to it',
      severity: 'error',
      from: { path: '^src/modules/[^/]+/' },
      to: {
        path: '^src/',
        pathNot: ['^src/modules/', '^src/config/index\\.ts$', '^src/db/'],
      },
    },
    {
      name: 'modules-know-no-seed',
      comment: 'a module may use the fixed ids of the demo shop as examples; only the demo module draws its pictures',
      severity: 'error',
      from: { path: '^src/modules/[^/]+/', pathNot: '^src/modules/demo/' },
      to: { path: '^src/db/', pathNot: '^src/db/seed/well-known\\.ts$' },
    },
    {
      name: 'config-stands-alone',
      comment: 'settings are read before anything else exists',
      severity: 'error',
      from: { path: '^src/config/' },
      to: { path: '^src/', pathNot: '^src/config/' },
    },
    ...declaredLibs,
    {
      name: 'every-lib-is-declared',
      comment: 'a lib that src/modules/graph.mjs does not name',
      severity: 'error',
      from: { path: '^libs/[^/]+/', pathNot: `^libs/${anyOf(Object.keys(LIBS))}/` },
      to: {},
    },
    {
      name: 'libs-know-no-shop',
      comment: 'what sits in libs/ does not know that there is a shop',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(?:src/|ormconfig\\.ts)' },
    },
    {
      name: 'libs-through-the-door',
      comment: 'a lib is used as #libs/<name>, through its index.ts',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)/|src/|ormconfig\\.ts)' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'stripe-in-one-place',
      comment: "Stripe's SDK is known to its gateway and to the check of webhook signatures, and to the emulator",
      severity: 'error',
      from: {
        path: '^(?:src|libs)/',
        pathNot: ['^src/modules/payments/(?:stripe/|receive-webhook\\.service\\.ts$)', '^libs/stripe-emulator/'],
      },
      to: { path: '(?:^|/)node_modules/stripe/' },
    },
    {
      name: 'the-shop-embeds-nothing',
      comment: 'the local services and the Stripe emulator are other processes: the shop meets them by URL only',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^libs/(?:local-stack|stripe-emulator)/' },
    },
    {
      name: 'no-test-code',
      comment: 'the product does not import its tests, nor its bench',
      severity: 'error',
      from: { path: '^(?:src|libs)/', pathNot: SPEC },
      to: { path: ['^(?:test|bench|scripts)/', SPEC] },
    },
    {
      name: 'no-development-packages',
      comment: 'a package that is not there when only the production dependencies are installed',
      severity: 'error',
      from: {
        path: '^(?:src|libs)/',
        // Both run only where the development packages are.
        pathNot: [SPEC, '^libs/(?:local-stack|stripe-emulator)/'],
      },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    // dependency-cruiser reads TypeScript up to 5 with TypeScript itself; swc reads every version.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
      mainFields: ['main', 'types'],
    },
  },
};
