// `node scripts/run.mjs FILE [arguments]`: runs a built file (`src/cli.js`) with what it needs: packages, a build, and the
// database of DATA_DIR. Joins the services of a running `npm start` and leaves them running; progress goes to stderr.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runBuilt } = await import('./lib/run-built.mjs');
await runBuilt(process.argv[2], process.argv.slice(3));
