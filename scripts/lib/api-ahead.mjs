// The API as `npm start` runs it: it loads its code while Postgres is still starting, which halves the time of every start
// but the first, and begins when the launcher sends its environment: { type: 'run', env }.
import { once } from 'node:events';

const [message] = await Promise.all([once(process, 'message'), import('../../dist/src/app.module.js')]);
Object.assign(process.env, message[0].env);
await import('../../dist/src/main.js');
