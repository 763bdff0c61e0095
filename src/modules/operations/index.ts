export { OperationsModule } from './operations.module.js';
export { registerEdgeHooks } from './edge-hooks.js';
export { Readiness, type ReadinessReport } from './readiness.js';
export { BOOK_CHECKS, runBooks, type ClientAck, type ProviderBooks, type Violation } from './books/index.js';
