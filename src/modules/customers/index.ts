export { CustomersModule } from './customers.module.js';
export { CustomersQuery, type CustomerRow } from './customers.query.js';
export { CustomerDeleted, CustomerRegistered } from './customers.events.js';
