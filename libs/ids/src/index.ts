export { decodeId, encodeId, isId, newUuid, type IdPrefix, ID_PREFIXES } from './typed-id.js';
