export { neutralized, restored } from './formulas.js';
export { listText, readList } from './lists.js';
export { BOM, type CsvCell, csvText } from './write.js';
