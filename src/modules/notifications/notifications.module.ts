import { Module } from '@nestjs/common';
import { Db } from '#libs/database';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { AuthModule } from '../auth/index.js';
import { CreditsModule } from '../credits/index.js';
import { DownloadsModule } from '../downloads/index.js';
import {
  AddressMails,
  CustomerInvitationProcessor,
  EmailChangeNoticeProcessor,
  EmailChangeProcessor,
  IdentityProcessor,
  InvitationProcessor,
  PasswordChangedProcessor,
  PasswordResetProcessor,
  RegistrationProcessor,
  TwoFactorProcessor,
} from './account-mails.processor.js';
import { AccessGivenMailProcessor, AccessGivenProcessor } from './access-given.processor.js';
import { BackInStockMailProcessor, BackInStockProcessor } from './back-in-stock.processor.js';
import { DisputeProcessor } from './dispute.processor.js';
import { LowStockProcessor } from './low-stock.processor.js';
import { MailDataQuery } from './mail-data.query.js';
import { MailboxMailer } from './mailbox.mailer.js';
import { MailboxPages } from './mailbox.pages.js';
import { Mailer } from './mailer.js';
import { MismatchProcessor, StandingMismatchesProcessor } from './mismatch.processor.js';
import {
  DownloadsProcessor,
  GiftCardsProcessor,
  OrderCanceledProcessor,
  OrderConfirmationProcessor,
  OrderLookupProcessor,
  RefundProcessor,
  ShipmentProcessor,
} from './order-mails.processor.js';
import { PaymentAlertProcessor } from './payment-alerts.processor.js';
import { PostOffice } from './post-office.js';
import { SmtpMailer } from './smtp.mailer.js';

/** E-mail to customers about their orders and accounts, and to the shop about its stock. */
@Module({
  imports: [AuthModule, CreditsModule, DownloadsModule],
  providers: [
    {
      provide: Mailer,
      useFactory: (config: Config, db: Db) =>
        config.smtpUrl === null ? new MailboxMailer(db) : new SmtpMailer(config.smtpUrl),
      inject: [APP_CONFIG, Db],
    },
    MailDataQuery,
    PostOffice,
    OrderConfirmationProcessor,
    OrderLookupProcessor,
    ShipmentProcessor,
    DownloadsProcessor,
    GiftCardsProcessor,
    RefundProcessor,
    OrderCanceledProcessor,
    DisputeProcessor,
    MismatchProcessor,
    StandingMismatchesProcessor,
    PaymentAlertProcessor,
    LowStockProcessor,
    AccessGivenProcessor,
    AccessGivenMailProcessor,
    BackInStockProcessor,
    BackInStockMailProcessor,
    AddressMails,
    RegistrationProcessor,
    EmailChangeProcessor,
    EmailChangeNoticeProcessor,
    PasswordResetProcessor,
    InvitationProcessor,
    CustomerInvitationProcessor,
    PasswordChangedProcessor,
    TwoFactorProcessor,
    IdentityProcessor,
    MailboxPages,
  ],
})
export class NotificationsModule {}
