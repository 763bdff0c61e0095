// `npm run docs [-- --check]`: writes what the documentation says about the code from the code itself: docs/openapi*.json,
// docs/errors.md, docs/events.md, and the marked parts of README.md and docs/architecture.md. With --check nothing is
// written; what is stale is named and the exit code is 1.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { writeDocs } = await import('./lib/docs-run.mjs');
await writeDocs(process.argv.includes('--check'));
