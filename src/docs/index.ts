export { setupDocs } from './setup-docs.js';
export { createDocuments, type ApiDocuments } from './documents.js';
