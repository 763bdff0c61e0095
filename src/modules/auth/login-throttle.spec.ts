import { waitAfter } from './login-throttle.js';

describe('waitAfter', () => {
  it.each([
    [1, 2],
    [10, 2],
    [11, 4],
    [12, 8],
    [14, 32],
    [15, 60],
    [10_000, 60],
  ])('grows with the failures up to a minute: %i → %i s', (failures, seconds) => {
    expect(waitAfter(failures)).toBe(seconds);
  });
});
