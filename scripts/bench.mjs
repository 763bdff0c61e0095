// `npm run bench [-- --seconds N --only list,checkout …]`: how fast the shop is, beside a bare server on the same machine.
// What is measured, and how, stands in bench/README.md.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runBench } = await import('./lib/bench-run.mjs');
await runBench(process.argv.slice(2));
