/** class-transformer keeps what its decorators say here, and exports the types of it, but not the object. The version is pinned. */
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage.js';
}
