export { DOCS_FORMS } from './docs-door.js';
export { setupDocs } from './setup-docs.js';
export { createDocuments, type ApiDocuments } from './documents.js';
