export { randomBytes } from './random-pool.js';
export { decodeId, encodeId, isId, newUuid, type IdPrefix, ID_PREFIXES } from './typed-id.js';
