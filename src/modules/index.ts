import type { Type } from '@nestjs/common';
import { AuditModule } from './audit/index.js';
import { AuthModule } from './auth/index.js';
import { CartModule } from './cart/index.js';
import { CatalogModule } from './catalog/index.js';
import { CheckoutModule } from './checkout/index.js';
import { CreditsModule } from './credits/index.js';
import { CustomersModule } from './customers/index.js';
import { DemoModule } from './demo/index.js';
import { DownloadsModule } from './downloads/index.js';
import { ExportsModule } from './exports/index.js';
import { ImportsModule } from './imports/index.js';
import { InventoryModule } from './inventory/index.js';
import { LedgerModule } from './ledger/index.js';
import { NotificationsModule } from './notifications/index.js';
import { OidcModule } from './oidc/index.js';
import { OperationsModule } from './operations/index.js';
import { OrdersModule } from './orders/index.js';
import { PaymentsModule } from './payments/index.js';
import { PromotionsModule } from './promotions/index.js';
import { ReviewsModule } from './reviews/index.js';
import { SettingsModule } from './settings/index.js';

/** The shop's modules, from the lowest to the highest: each may use those above it in this list. */
export const modules: Type[] = [
  AuthModule,
  AuditModule,
  SettingsModule,
  CatalogModule,
  InventoryModule,
  PromotionsModule,
  LedgerModule,
  CreditsModule,
  CartModule,
  OrdersModule,
  CustomersModule,
  DownloadsModule,
  ReviewsModule,
  OidcModule,
  PaymentsModule,
  CheckoutModule,
  ImportsModule,
  ExportsModule,
  DemoModule,
  NotificationsModule,
  OperationsModule,
];
