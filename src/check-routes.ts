import 'reflect-metadata';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { controllersOf, faultsOf, routesOf } from './modules/auth/index.js';

/**
 * The last step of the build: it fails where a route does not say who may enter, or one of staff names no permission. Nothing is
 * started. Another file than that of the shop's modules may be named, which exports `modules`, too.
 */
const [, , file] = process.argv;
const { modules } = (await import(file ? pathToFileURL(resolve(file)).href : './modules/index.js')) as {
  modules: unknown[];
};
const routes = routesOf(await controllersOf(modules));
const faults = faultsOf(routes);
if (routes.length === 0) faults.push('There are no routes: nothing was checked');
if (faults.length > 0) {
  process.stderr.write(`${faults.map((fault) => `Error: ${fault}.`).join('\n')}\n`);
  process.exit(1);
}
process.exit(0);
