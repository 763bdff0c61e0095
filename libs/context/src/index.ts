export { Carried } from './carried.js';
