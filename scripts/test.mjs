// `npm test [-- [--full] [jest arguments]]`: every check that a change must pass, on a machine that has only Node.js.
// With jest arguments only Jest runs. The last line is always `N passed, N failed, N skipped`.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runTests } = await import('./lib/test-run.mjs');
await runTests(process.argv.slice(2));
