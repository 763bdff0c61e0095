export { ImportsModule } from './imports.module.js';
export { ImportCustomers } from './import-customers.service.js';
export { ImportPriceLists } from './import-price-lists.service.js';
export { ImportProducts } from './import-products.service.js';
export type { ImportRun } from './import-run.js';
export type { ImportKind, ImportOptions, ImportState, ImportSummary } from './import-state.js';
export type { ImportSource } from './csv/csv-rows.js';
export type { ImportIssue } from './csv/issues.js';
export { ImportFileProblem } from './csv/import-file-problem.js';
