export { ExportsModule } from './exports.module.js';
export { EXPORT_KINDS, type ExportFilter, type ExportKind } from './export-kinds.js';
export { WriteExport } from './write-export.service.js';
