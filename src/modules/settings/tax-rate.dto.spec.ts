import { percentOf } from './dto/tax-rate.dto.js';

describe('percentOf', () => {
  it.each([
    [0, '0'],
    [1, '0.0001'],
    [82_500, '8.25'],
    [70_000, '7'],
    [200_000, '20'],
    [1_000_000, '100'],
    [999_999, '99.9999'],
    [10_010, '1.001'],
  ])('%i ppm is %s percent', (ppm, percent) => {
    expect(percentOf(ppm)).toBe(percent);
  });
});
