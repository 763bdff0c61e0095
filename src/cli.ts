import 'reflect-metadata';
import { nameSourceLines } from '#libs/log';
import { runCli } from './cli/run-cli.js';

/** `npm run shop -- …`: what an operator does from a terminal. */
nameSourceLines(new URL('../', import.meta.url).href);
process.exit(await runCli(process.argv.slice(2)));
