export { neutralized, restored } from './formulas.js';
export { BOM, type CsvCell, csvText } from './write.js';
