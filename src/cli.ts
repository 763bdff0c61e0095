import 'reflect-metadata';
import { runCli } from './cli/run-cli.js';

/** `npm run shop -- …`: what an operator does from a terminal. */
process.exit(await runCli(process.argv.slice(2)));
