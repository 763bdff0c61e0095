export { BOOK_CHECKS, type BookCheck } from './checks.js';
export { runBooks, type ClientAck, type ProviderBooks, type Violation } from './run-books.js';
