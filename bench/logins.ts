import { randomUUID } from 'node:crypto';
import { deliver, type DeliveryResult, type TimedRequest } from './client/deliver.js';
import type { ClientReply } from './client/main.js';
import { LOGINS_PER_SECOND, PAGES_PER_SECOND } from './options.js';
import type { Stack } from './stack.js';

/** How browsing gets on by itself, and beside a crowd that signs in. */
export interface LoginCrowd {
  quiet: DeliveryResult;
  beside: DeliveryResult;
  logins: DeliveryResult;
}

/** A minute, where rounds have their usual length. */
const SECONDS_OF_A_ROUND = 7.5;

/**
 * What a crowd at the door costs those who are inside: product lists at a fixed rate, first alone, then while people sign in
 * with wrong passwords, each to another account. A hash takes a core for tens of milliseconds, so most are told to come back.
 */
export async function measureLogins(stack: Stack, seconds: number, tell: (step: string) => void): Promise<LoginCrowd> {
  const server = { host: '127.0.0.1', port: stack.apiPort };
  const page: TimedRequest = { method: 'GET', path: '/v1/products?limit=20', expected: [200] };
  const browse = async (length: number): Promise<DeliveryResult> => {
    const answered = stack.client.message<Extract<ClientReply, { type: 'delivered' }>>('delivered');
    stack.client.send({
      type: 'deliver',
      requests: Array.from({ length: Math.ceil(length * PAGES_PER_SECOND) }, () => page),
      options: { ...server, perSecond: PAGES_PER_SECOND },
    } as never);
    return (await answered).result;
  };
  const crowd = (length: number): Promise<DeliveryResult> =>
    deliver(Array.from({ length: Math.ceil(length * LOGINS_PER_SECOND) }, login), {
      ...server,
      perSecond: LOGINS_PER_SECOND,
    });

  tell('Logins: warming up');
  await Promise.all([browse(2), crowd(2)]);
  tell(`Logins: ${PAGES_PER_SECOND} pages a second alone`);
  const quiet = await browse(seconds * 2);
  tell(`Logins: beside ${LOGINS_PER_SECOND} sign-ins a second`);
  const length = seconds * SECONDS_OF_A_ROUND;
  const [beside, logins] = await Promise.all([browse(length), crowd(length)]);
  return { quiet, beside, logins };
}

/** Of somebody who has no account, which costs what a wrong password costs. */
function login(): TimedRequest {
  const body = JSON.stringify({ email: `${randomUUID()}@example.com`, password: 'not the password of anybody' });
  return { method: 'POST', path: '/v1/auth/login', body, expected: [401, 429] };
}
