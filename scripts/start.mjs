// `npm start`: everything that a shop needs, on a machine that has only Node.js.
//
//   launcher (this process)
//     ├─ Postgres         embedded, unless DATABASE_URL is set      data in DATA_DIR/postgres
//     ├─ Redis            private, unless REDIS_URL is set; none when there is no redis-server on the PATH
//     ├─ Stripe emulator  unless STRIPE_SECRET_KEY is set           dist/libs/stripe-emulator/src/main.js
//     └─ API              scripts/lib/api-ahead.mjs, which loads dist/src/main.js beside the start of Postgres
//
// What the launcher and its two Node.js children agree on:
//   - The API gets DATABASE_URL, REDIS_URL (if any), STRIPE_API_BASE, STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY,
//     STRIPE_WEBHOOK_SECRET, DATA_DIR, PORT and HOST in its environment; with MIGRATE and DEMO it migrates and seeds itself.
//   - The API reports through its IPC channel (process.send):
//       { type: 'progress', text }      a step that is done: 'Database migrated'
//       { type: 'ready', summary }      it answers requests. summary = {
//                                         urls:  { 'Storefront API': 'http://localhost:3000/v1', … },
//                                         lines: ['Admin login  admin@emporium.example / …', …],  framed, below the URLs
//                                         curl:  ['curl -s http://…', …] }                       to copy, without a frame
//       { type: 'fatal', text }         one sentence why it cannot start; it then exits with 1
//   - Both children run in sessions of their own, so Ctrl-C reaches the launcher only. They end on SIGTERM (the API
//     within 30 s), and by themselves on the 'disconnect' event: then the launcher was killed.
//   - The emulator gets --port --snapshot --webhook --webhook-secret.
//
// Ctrl-C ends with 0, SIGTERM with 143, a child that dies with 1. Postgres survives a kill -9 of the launcher; the next
// start joins it.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { launch } = await import('./lib/launcher.mjs');
await launch();
