import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { AccountController } from './account.controller.js';
import { CustomersQuery } from './customers.query.js';
import { EditProfile } from './edit-profile.service.js';
import { MeController } from './me.controller.js';
import { RegisterCustomer } from './register-customer.service.js';
import { VerifyEmail } from './verify-email.service.js';

/** Customers: their accounts, and what belongs to them. */
@Module({
  imports: [AuthModule],
  controllers: [AccountController, MeController],
  providers: [CustomersQuery, RegisterCustomer, VerifyEmail, EditProfile],
  exports: [CustomersQuery],
})
export class CustomersModule {}
