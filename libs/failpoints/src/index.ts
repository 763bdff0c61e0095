export { armFailpoint, failpoint } from './failpoint.js';
