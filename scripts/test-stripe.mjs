// `npm run test:stripe`: asks Stripe's test mode what the emulator's conformance suite asks the emulator. Needs a network
// and STRIPE_TEST_SECRET_KEY=sk_test_…; makes test payments in that account, and nothing else.
import { spawn } from 'node:child_process';
import { requireNode } from './lib/node-version.mjs';

requireNode();
const key = process.env.STRIPE_TEST_SECRET_KEY ?? '';
if (!/^(?:sk|rk)_test_\w+$/.test(key)) {
  console.error("Set STRIPE_TEST_SECRET_KEY to a key of Stripe's test mode (sk_test_…). Live keys are never used.");
  process.exit(1);
}
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--selectProjects=unit',
    '--runInBand',
    '--testTimeout=120000',
    ...process.argv.slice(2),
    '--',
    'libs/stripe-emulator/src/conformance.spec.ts',
  ],
  { stdio: 'inherit', env: { ...process.env, CONFORMANCE_TARGET: 'stripe', STRIPE_SUPPRESS_NOTICES: 'true' } },
);
jest.on('exit', (code) => process.exit(code ?? 1));
