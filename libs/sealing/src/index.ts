export { derivedKey, seal, unseal } from './seal.js';
