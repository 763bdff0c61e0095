export { OperationsModule } from './operations.module.js';
export { registerEdgeHooks } from './edge-hooks.js';
export { Readiness, type ReadinessReport } from './readiness.js';
