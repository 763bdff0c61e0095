export { log, configureLog, type LogFields } from './log.js';
export { redact } from './redact.js';
export { currentContext, runWithContext, type RequestContext } from './context.js';
export { nameSourceLines } from './source-lines.js';
