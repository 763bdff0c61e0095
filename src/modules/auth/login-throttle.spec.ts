import { jest } from '@jest/globals';
import { RateLimited } from '#libs/errors';
import type { Config } from '../../config/index.js';
import { LoginThrottle, waitAfter } from './login-throttle.js';

describe('waitAfter', () => {
  it.each([
    [1, 1],
    [10, 1],
    [11, 2],
    [12, 4],
    [15, 32],
    [16, 60],
    [10_000, 60],
  ])('grows with the failures up to a minute: %i → %i s', (failures, seconds) => {
    expect(waitAfter(failures)).toBe(seconds);
  });
});

describe('strangers who guess', () => {
  const EMAIL = 'ada@example.com';
  const HOME = '198.51.100.7';
  let throttle: LoginThrottle;
  let network = 0;
  beforeEach(() => {
    jest.useFakeTimers();
    throttle = new LoginThrottle({ redisUrl: null, rateLimits: { loginsPerMin: 1_000_000 } } as Config);
  });
  afterEach(() => jest.useRealTimers());

  /** A wrong password from somewhere else each time, as soon as one may try again. */
  const guess = async () => {
    jest.advanceTimersByTime(61_000);
    network += 1;
    return throttle.admit(EMAIL, `203.0.${network % 250}.${Math.floor(network / 250)}`);
  };
  const refusal = (tried: Promise<unknown>) =>
    tried.then(
      () => null,
      (error: unknown) => (RateLimited.is(error) ? error.details.detail : error),
    );

  it('have a hundred tries in a row at an account, however long they wait', async () => {
    for (let n = 0; n < 100; n += 1) await guess();
    expect(await refusal(guess())).toMatch(/from where you usually do/);
    jest.advanceTimersByTime(2 * 86_400_000);
    expect(await refusal(guess())).toMatch(/from where you usually do/);
    // Nobody but this account is meant.
    expect(await refusal(throttle.admit('bob@example.com', HOME))).toBeNull();
  });

  it('do not keep the owner out: not from a known place, not with another password, not with the link of a mail', async () => {
    await (await throttle.admit(EMAIL, HOME)).succeeded();
    for (let n = 0; n < 101; n += 1) await refusal(guess());
    expect(await refusal(throttle.admit(EMAIL, '192.0.2.9', false))).toBeNull();
    expect(await refusal(guess())).toMatch(/from where you usually do/);
    await (await throttle.admit(EMAIL, HOME)).succeeded();
    expect(await refusal(guess())).toBeNull();

    for (let n = 0; n < 101; n += 1) await refusal(guess());
    await throttle.ownerCame(EMAIL, '192.0.2.10');
    expect(await refusal(throttle.admit(EMAIL, '192.0.2.10'))).toBeNull();
  });

  it('in the network of the owner have as many and no more, and the link of a mail lets the owner in again', async () => {
    await (await throttle.admit(EMAIL, HOME)).succeeded();
    const atHome = () => {
      jest.advanceTimersByTime(61_000);
      return throttle.admit(EMAIL, HOME);
    };
    for (let n = 0; n < 100; n += 1) await atHome();
    expect(await refusal(atHome())).toMatch(/from your network/);
    jest.advanceTimersByTime(2 * 86_400_000);
    expect(await refusal(atHome())).toMatch(/from your network/);
    // Nobody has guessed elsewhere, and who reads the mailbox is no stranger.
    expect(await refusal(throttle.admit(EMAIL, '192.0.2.9'))).toBeNull();
    expect(await refusal(throttle.admit(EMAIL, HOME, false))).toBeNull();
    await throttle.ownerCame(EMAIL, HOME);
    expect(await refusal(atHome())).toBeNull();
  });

  it('begin anew in the network of the owner after each sign-in of theirs there', async () => {
    await (await throttle.admit(EMAIL, HOME)).succeeded();
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 60; n += 1) {
        jest.advanceTimersByTime(61_000);
        await throttle.admit(EMAIL, HOME);
      }
      jest.advanceTimersByTime(61_000);
      await (await throttle.admit(EMAIL, HOME)).succeeded();
    }
    expect(await refusal(throttle.admit(EMAIL, HOME))).toBeNull();
  });

  it('are not counted for what was not looked at', async () => {
    for (let n = 0; n < 120; n += 1) await (await guess()).notTried();
    expect(await refusal(guess())).toBeNull();
  });
});
