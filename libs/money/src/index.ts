export {
  type Money,
  money,
  isCurrency,
  currencyExponent,
  formatDecimal,
  formatMoney,
  parseDecimal,
  CURRENCIES,
} from './money.js';
export { allocate, shareOf, taxOf, roundHalfUp } from './arithmetic.js';
