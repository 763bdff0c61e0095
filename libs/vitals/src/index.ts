export {
  CircuitBreaker,
  circuitReports,
  type CircuitOptions,
  type CircuitReport,
  type CircuitState,
  type Permit,
} from './circuit-breaker.js';
export { defineTally, tallyReports, type Tally } from './tallies.js';
