export { ImportsModule } from './imports.module.js';
export { ImportProducts, type ImportRun } from './import-products.service.js';
export type { ImportOptions, ImportState, ImportSummary } from './import-state.js';
export type { ImportSource } from './csv/csv-rows.js';
export type { ImportIssue } from './csv/issues.js';
export { ImportFileProblem } from './csv/import-file-problem.js';
