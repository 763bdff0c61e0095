import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { cart, detail, list, order, type WantedLine, type WantedOrder } from './statements.js';

/**
 * What the shop is measured against: Node's own HTTP server, the Postgres driver, prepared statements, JSON.stringify.
 * No framework, no checks, no limits, no log.
 */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  // With fewer it does less.
  max: 10,
  application_name: 'bare server',
  // Without it the planner reads the small tables whole, as on a spinning disk.
  options: '-c random_page_cost=1.1',
});

async function body<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
}

async function work(request: IncomingMessage): Promise<{ status: number; content: unknown }> {
  const [path, query = ''] = request.url!.split('?');
  const value = query.slice(query.indexOf('=') + 1);
  switch (path) {
    case '/list':
      return { status: 200, content: await list(pool, Number(value)) };
    case '/detail':
      return { status: 200, content: await detail(pool, value) };
    case '/cart':
      return { status: 201, content: await cart(pool, await body<WantedLine>(request)) };
    case '/order':
      return { status: 201, content: await order(pool, await body<WantedOrder>(request)) };
    default:
      return { status: 404, content: {} };
  }
}

function send(response: ServerResponse, status: number, content: unknown): void {
  const text = JSON.stringify(content);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const server = createServer((request, response) => {
  work(request).then(
    ({ status, content }) => send(response, status, content),
    (error: Error) => send(response, 500, { message: error.message }),
  );
});
server.listen(0, '127.0.0.1', () => process.send!({ type: 'ready', port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
