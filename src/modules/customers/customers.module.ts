import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CreditsModule } from '../credits/index.js';
import { CartModule } from '../cart/index.js';
import { OrdersModule } from '../orders/index.js';
import { SettingsModule } from '../settings/index.js';
import { AccountController } from './account.controller.js';
import { AddressesController } from './addresses.controller.js';
import { Addresses } from './addresses.service.js';
import { ChangeCredentials } from './change-credentials.service.js';
import { CustomerAccounts } from './customer-accounts.js';
import { CustomersAdminController } from './customers.admin.controller.js';
import { CustomersAdminQuery } from './customers.admin.query.js';
import { CustomersQuery } from './customers.query.js';
import { DeleteCustomer } from './delete-customer.service.js';
import { EditProfile } from './edit-profile.service.js';
import { ExportMyData } from './export-my-data.service.js';
import { CustomerGroupsAdminController } from './groups/customer-groups.admin.controller.js';
import { CustomerGroupsQuery } from './groups/customer-groups.query.js';
import { CustomerGroups } from './groups/customer-groups.service.js';
import { ManageCustomers } from './manage-customers.service.js';
import { MeController } from './me.controller.js';
import { MyDataParts } from './my-data-parts.js';
import { RegisterCustomer } from './register-customer.service.js';
import { TaxStatusAdminController } from './tax-status.admin.controller.js';
import { TaxStatus } from './tax-status.service.js';
import { SaveCustomers } from './save-customers.service.js';
import { VerifyEmail } from './verify-email.service.js';
import { Wishlist } from './wishlist.service.js';
import { WishlistController } from './wishlist.controller.js';
import { WelcomeCustomer } from './welcome-customer.service.js';

/** Customers: their accounts, and what belongs to them. */
@Module({
  imports: [AuthModule, SettingsModule, CreditsModule, CartModule, OrdersModule],
  controllers: [
    AccountController,
    MeController,
    AddressesController,
    WishlistController,
    CustomersAdminController,
    CustomerGroupsAdminController,
    TaxStatusAdminController,
  ],
  providers: [
    CustomersQuery,
    CustomerAccounts,
    CustomersAdminQuery,
    ManageCustomers,
    RegisterCustomer,
    VerifyEmail,
    EditProfile,
    ChangeCredentials,
    DeleteCustomer,
    Addresses,
    ExportMyData,
    WelcomeCustomer,
    MyDataParts,
    Wishlist,
    CustomerGroups,
    CustomerGroupsQuery,
    TaxStatus,
    SaveCustomers,
  ],
  exports: [SaveCustomers, CustomersQuery, CustomerAccounts, MyDataParts],
})
export class CustomersModule {}
