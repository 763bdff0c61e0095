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
export { allocate, taxOf, roundHalfUp } from './arithmetic.js';
