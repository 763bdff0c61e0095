import { Inject, Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { APP_CONFIG, type Config } from '../../config/index.js';
import { LinkTokens } from '../auth/index.js';
import { MailDataQuery } from './mail-data.query.js';
import {
  accountExists,
  confirmAccount,
  confirmNewEmail,
  customerInvitation,
  emailChangeNotice,
  identityChanged,
  invitation,
  passwordChanged,
  passwordReset,
  twoFactorChanged,
} from './mails/account-mails.js';
import {
  CustomerInvitationJob,
  EmailChangeJob,
  EmailChangeNoticeJob,
  IdentityJob,
  InvitationJob,
  PasswordChangedJob,
  PasswordResetJob,
  RegistrationJob,
  TwoFactorJob,
} from './notification.jobs.js';
import { PostOffice } from './post-office.js';

/** The link that an event is about. */
function linkIdOf(job: JobContext): string {
  const { linkId } = job.payload;
  if (typeof linkId === 'string') return linkId;
  throw new PermanentFailure('the event carries no linkId');
}

/** How people know a provider of identities; one that is gone from the settings keeps its name. */
const labelOf = (config: Config, provider: string) =>
  config.oidcProviders.find(({ name }) => name === provider)?.label ?? provider;

/** Proves an address: with a link to it, or, where an account has the address already, with the news of that. */
@Injectable()
export class AddressMails {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: LinkTokens,
  ) {}

  async send(job: JobContext, confirm: typeof confirmAccount): Promise<void> {
    const link = await this.data.link(linkIdOf(job));
    if (!link) return;
    const { storefrontUrl } = this.post.links;
    const content = link.hasAccount
      ? accountExists(link, `${storefrontUrl}/login`)
      : confirm(link, `${storefrontUrl}/verify-email#token=${this.tokens.tokenOf(link.id)}`);
    await this.post.send(job.id, link.shop, link.email, content);
  }
}

/** Answers a registration: with the link that opens the account, or with the news that there is one. */
@HandlesJob(RegistrationJob)
@Injectable()
export class RegistrationProcessor implements JobHandler {
  constructor(private readonly mails: AddressMails) {}

  handle(job: JobContext): Promise<void> {
    return this.mails.send(job, confirmAccount);
  }
}

/** Sends the link to the new address of a customer; if that belongs to somebody else by now, they learn what was tried. */
@HandlesJob(EmailChangeJob)
@Injectable()
export class EmailChangeProcessor implements JobHandler {
  constructor(private readonly mails: AddressMails) {}

  handle(job: JobContext): Promise<void> {
    return this.mails.send(job, confirmNewEmail);
  }
}

/** Tells the address that a customer had so far that another is asked for, also when that is in place already. */
@HandlesJob(EmailChangeNoticeJob)
@Injectable()
export class EmailChangeNoticeProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const account = await this.data.emailChange(linkIdOf(job));
    if (!account) return;
    const url = `${this.post.links.storefrontUrl}/forgot-password`;
    await this.post.send(job.id, account.shop, account.email, emailChangeNotice(account, url));
  }
}

/** Sends a link with which to choose a password; nothing where nobody has the address. */
abstract class PasswordLinkProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: LinkTokens,
    private readonly words: typeof passwordReset,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const linkId = linkIdOf(job);
    const account = await this.data.passwordReset(linkId);
    if (!account) return;
    const url = `${this.post.links.storefrontUrl}/reset-password#token=${this.tokens.tokenOf(linkId)}`;
    // To the address that the account has: what was typed may only look like it.
    await this.post.send(job.id, account.shop, account.email, this.words(account, url));
  }
}

/** To those who forgot theirs, or say so. */
@HandlesJob(PasswordResetJob)
@Injectable()
export class PasswordResetProcessor extends PasswordLinkProcessor {
  constructor(data: MailDataQuery, post: PostOffice, tokens: LinkTokens) {
    super(data, post, tokens, passwordReset);
  }
}

/** To customers whose account staff have opened. */
@HandlesJob(CustomerInvitationJob)
@Injectable()
export class CustomerInvitationProcessor extends PasswordLinkProcessor {
  constructor(data: MailDataQuery, post: PostOffice, tokens: LinkTokens) {
    super(data, post, tokens, customerInvitation);
  }
}

/** Tells the owner of an account that its password was changed. */
@HandlesJob(PasswordChangedJob)
@Injectable()
export class PasswordChangedProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const kind = job.payload.kind === 'staff' ? 'staff' : 'customer';
    const account = await this.data.account(kind, String(job.payload.aggregateId));
    if (!account) return;
    const url = `${this.post.links.storefrontUrl}/forgot-password`;
    const providers = await this.data.providersOf(kind, String(job.payload.aggregateId));
    const labels = providers.map((name) => labelOf(this.config, name));
    await this.post.send(job.id, account.shop, account.email, passwordChanged(account, labels, url));
  }
}

/** Tells the owner of an account what became of its second factor. */
@HandlesJob(TwoFactorJob)
@Injectable()
export class TwoFactorProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const kind = job.payload.kind === 'staff' ? 'staff' : 'customer';
    const account = await this.data.account(kind, String(job.payload.aggregateId));
    if (!account) return;
    const url = `${this.post.links.storefrontUrl}/forgot-password`;
    const content = twoFactorChanged(account, String(job.payload.change), url);
    if (content) await this.post.send(job.id, account.shop, account.email, content);
  }
}

/** Tells the owner of an account of another way in, or of one less. */
@HandlesJob(IdentityJob)
@Injectable()
export class IdentityProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    @Inject(APP_CONFIG) private readonly config: Config,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const kind = job.payload.kind === 'staff' ? 'staff' : 'customer';
    const account = await this.data.account(kind, String(job.payload.aggregateId));
    if (!account) return;
    const provider = labelOf(this.config, String(job.payload.provider));
    const url = `${this.post.links.storefrontUrl}/forgot-password`;
    const content = identityChanged(account, { provider, isLinked: job.payload.change === 'linked' }, url);
    await this.post.send(job.id, account.shop, account.email, content);
  }
}

/** Sends the link with which a new member of staff chooses a password. */
@HandlesJob(InvitationJob)
@Injectable()
export class InvitationProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: LinkTokens,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const link = await this.data.link(linkIdOf(job));
    if (!link) return;
    const url = `${this.post.links.storefrontUrl}/accept-invitation#token=${this.tokens.tokenOf(link.id)}`;
    await this.post.send(job.id, link.shop, link.email, invitation(link, url));
  }
}
