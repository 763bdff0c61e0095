// Jest runs the TypeScript sources as ES modules; scripts/test.mjs sets NODE_OPTIONS=--experimental-vm-modules.
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.[tj]s$': ['@swc/jest'] },
  // Jest on Node 20 cannot require() an ES module: these ESM-only packages are require()d by CommonJS ones.
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/node_modules/)?(?:content-disposition|cookie)/)'],
};
const withServices = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};
/** @type {import('jest').Config} */
export default {
  // Specs wait for disks and clocks half of the time: three keep two cores busy.
  maxWorkers: 3,
  workerIdleMemoryLimit: '900MB',
  // Races of the full run are ten times as long.
  testTimeout: process.env.EMPORIUM_TEST_FULL === '1' ? 480_000 : 60_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{src,libs}/**/*.spec.ts'] },
    { ...base, ...withServices, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'] },
  ],
};
