export { seedDemoShop } from './seed-demo-shop.js';
export { WELL_KNOWN } from './well-known.js';
