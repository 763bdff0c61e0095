export { CustomersModule } from './customers.module.js';
export { type CustomerAccount, CustomerAccounts } from './customer-accounts.js';
export { CustomersQuery, type CustomerRow } from './customers.query.js';
export { MyDataParts } from './my-data-parts.js';
export { CustomerDeleted, CustomerRegistered } from './customers.events.js';
export { CustomerOfFile } from './dto/customer-of-file.dto.js';
export { SaveCustomers } from './save-customers.service.js';
