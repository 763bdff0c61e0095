export { CustomersModule } from './customers.module.js';
export { CustomersQuery, type CustomerRow } from './customers.query.js';
export { CustomerRegistered } from './customers.events.js';
