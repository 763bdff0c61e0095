import { waitAfter } from './login-throttle.js';

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
