export { type Money, money, isCurrency, currencyExponent, formatMoney, parseDecimal, CURRENCIES } from './money.js';
export { allocate, taxOf, roundHalfUp } from './arithmetic.js';
