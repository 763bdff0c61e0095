import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { Emulator, type EmulatorOptions } from './emulator.js';
import { Contract } from './schema/contract.js';

/** Jest's, whose types the build does not know. */
declare const afterAll: (work: () => void) => void;

let contract: Contract | undefined;

/** An emulator whose every answer and event is compared with the SDK's types. */
export async function createEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  contract ??= await Contract.load();
  return Emulator.start({ observe: contract.observe, observeEvent: contract.observeEvent, ...options });
}
afterAll(() => contract?.assertKept());

/** The real SDK, talking to an emulator. */
export const clientOf = (emulator: Emulator, config: Partial<Stripe.StripeConfig> = {}): Stripe =>
  new Stripe('sk_test_anything', {
    host: '127.0.0.1',
    port: emulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  });

/** The error of a call that has to fail. @throws {Error} when it succeeds */
export async function failureOf(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('The call succeeded.');
}

export interface Received {
  at: number;
  headers: IncomingHttpHeaders;
  body: string;
  event: { id: string; type: string; data: { object: Record<string, unknown>; previous_attributes?: object } };
}

/** An endpoint of an application: keeps what it gets and answers as told. */
export class Receiver {
  readonly received: Received[] = [];
  /** Status of the answer; may look at what came, and at how many came before. */
  respond: (received: Received, index: number) => number | Promise<number> = () => 200;
  url = '';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const receiver = new Receiver(createServer());
    receiver.server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const event = JSON.parse(body) as Received['event'];
        const received = { at: Date.now(), headers: request.headers, body, event };
        const index = receiver.received.push(received) - 1;
        void Promise.resolve(receiver.respond(received, index)).then((status) => {
          response.writeHead(status, status >= 300 && status < 400 ? { location: `${receiver.url}/elsewhere` } : {});
          response.end();
        });
      });
    });
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}/webhooks`;
    return receiver;
  }

  types(): string[] {
    return this.received.map(({ event }) => event.type);
  }

  ofType(type: string): Received[] {
    return this.received.filter(({ event }) => event.type === type);
  }

  clear(): void {
    this.received.length = 0;
    this.respond = () => 200;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}
