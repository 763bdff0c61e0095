import { Injectable } from '@nestjs/common';
import { HandlesJob, type JobContext, type JobHandler, PermanentFailure } from '#libs/jobs';
import { LinkTokens } from '../auth/index.js';
import { GiftCardCodes } from '../credits/index.js';
import { DownloadTokens } from '../downloads/index.js';
import { MailDataQuery, orderIn, type OrdersOfMail } from './mail-data.query.js';
import { downloadsNotice } from './mails/downloads.mail.js';
import { giftCardsForYou, giftCardsNotice, giftCardsSent } from './mails/gift-cards.mail.js';
import type { MailContent } from './mails/layout.js';
import {
  cancellationNotice,
  orderConfirmation,
  orderFound,
  refundNotice,
  shipmentNotice,
} from './mails/order-mails.js';
import {
  DownloadsJob,
  GIFT_CARD_TRIES,
  GiftCardsJob,
  OrderCanceledJob,
  OrderConfirmationJob,
  OrderLookupJob,
  RefundJob,
  ShipmentJob,
} from './notification.jobs.js';
import { PostOffice } from './post-office.js';

const isUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);

/** A uuid of an event's payload. */
function uuidOf(job: JobContext, field: string): string {
  const value = job.payload[field];
  if (isUuid(value)) return value;
  throw new PermanentFailure(`the event carries no ${field}`);
}

/** Confirms an order to its customer. Orders whose confirmations travel together are read together. */
@HandlesJob(OrderConfirmationJob)
@Injectable()
export class OrderConfirmationProcessor implements JobHandler {
  private readonly read = new WeakMap<JobContext['together'], Promise<OrdersOfMail>>();

  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const orderId = uuidOf(job, 'aggregateId');
    const order = orderIn(await this.ordersOf(job.together), orderId);
    await this.post.send(job.id, order.shop, order.email, orderConfirmation(order, this.post.links));
  }

  private ordersOf(together: JobContext['together']): Promise<OrdersOfMail> {
    let orders = this.read.get(together);
    if (!orders) {
      orders = this.data.orders(together.map(({ aggregateId }) => aggregateId).filter(isUuid));
      this.read.set(together, orders);
      // What failed is tried again by the next of them.
      orders.catch(() => this.read.delete(together));
    }
    return orders;
  }
}

/** Leads a guest back to the order that they look for; nothing where there is none. */
@HandlesJob(OrderLookupJob)
@Injectable()
export class OrderLookupProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: LinkTokens,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const linkId = uuidOf(job, 'linkId');
    const found = await this.data.lookedUp(linkId);
    if (!found) return;
    const order = await this.data.order(found.orderId);
    const token = found.isGuests ? this.tokens.tokenOf(linkId) : null;
    // To the address of the order: what was typed may only look like it.
    await this.post.send(job.id, order.shop, order.email, orderFound(order, token, this.post.links));
  }
}

/** Tells the customer of a parcel. */
@HandlesJob(ShipmentJob)
@Injectable()
export class ShipmentProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const order = await this.data.order(uuidOf(job, 'aggregateId'));
    const parcel = await this.data.parcel(uuidOf(job, 'fulfillmentId'));
    // Files come with a mail of their own.
    if (!parcel.isShipped) return;
    await this.post.send(job.id, order.shop, order.email, shipmentNotice(order, parcel, this.post.links));
  }
}

/** Sends the links of the files that were bought. */
@HandlesJob(DownloadsJob)
@Injectable()
export class DownloadsProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly tokens: DownloadTokens,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const orderId = uuidOf(job, 'aggregateId');
    const order = await this.data.order(orderId);
    const files = (await this.data.downloads(orderId)).map((file) => ({
      ...file,
      url: `${this.post.links.publicUrl}/v1/downloads/${this.tokens.tokenOf(file)}`,
    }));
    if (files.length === 0) return;
    await this.post.send(job.id, order.shop, order.email, downloadsNotice(order, files, this.post.links));
  }
}

/** Sends the codes of the gift cards that were bought. They are made anew from the ids of the cards: nothing keeps them. */
@HandlesJob(GiftCardsJob)
@Injectable()
export class GiftCardsProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
    private readonly codes: GiftCardCodes,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const orderId = uuidOf(job, 'aggregateId');
    const order = await this.data.order(orderId);
    const cards = (await this.data.giftCards(orderId)).map(({ id, codeHash, ...card }) => {
      if (!this.codes.keptOf(id).hash.equals(codeHash)) throw new PermanentFailure('the key of the codes was changed');
      return { ...card, id, code: this.codes.codeOf(id) };
    });
    const { shop } = order;
    const own = cards.filter(({ recipient }) => recipient === null);
    const recipients = [...new Set(cards.flatMap(({ recipient }) => recipient ?? []))];
    const { links } = this.post;
    const done = mailsOf(job.reached);
    const told: string[] = [];
    // A mail server that hangs takes its time for each of them; what went out is not sent again by the next try.
    const goOn = () =>
      job.progress({ mailed: told.length + done.refused.size, of: recipients.length, ...asLists(done) });
    const failures: unknown[] = [];
    const tellBuyer = async (id: string, content: MailContent, mails: Set<string>) => {
      if (mails.has(id)) return;
      try {
        await this.post.send(id, shop, order.email, content);
        mails.add(id);
      } catch (error) {
        failures.push(error);
      }
    };
    // Each mail has an id of its own, the same in every try: the job's, and that of the first card for whoever else gets some.
    // None waits for another: a mail that fails is tried again, and the buyer gets what an address never takes.
    if (own.length > 0) await tellBuyer(job.id, giftCardsNotice(order, own, links), done.sent);
    for (const email of recipients) {
      const theirs = cards.filter(({ recipient }) => recipient === email);
      const { id } = theirs[0]!;
      await goOn();
      try {
        if (done.refused.has(id)) continue;
        if (!done.sent.has(id)) await this.post.send(id, shop, email, giftCardsForYou(shop.name, theirs));
        done.sent.add(id);
        told.push(email);
      } catch (error) {
        if (error instanceof PermanentFailure || job.attempt >= GIFT_CARD_TRIES)
          await tellBuyer(id, giftCardsNotice(order, theirs, links, email), done.refused);
        else failures.push(error);
      }
    }
    if (own.length === 0 && told.length > 0 && failures.length === 0)
      await tellBuyer(job.id, giftCardsSent(order, told, links), done.sent);
    if (failures.length === 0) return;
    await goOn();
    throw failures.find((error) => !(error instanceof PermanentFailure)) ?? failures[0];
  }
}

/** Mails of gift cards, by their ids: those that went to whom they are for, and those that the buyer got instead. */
interface GiftCardMails {
  sent: Set<string>;
  refused: Set<string>;
}

const asLists = ({ sent, refused }: GiftCardMails) => ({ sent: [...sent], refused: [...refused] });

/** What tries before this one sent. */
function mailsOf(reached: JobContext['reached']): GiftCardMails {
  const { sent, refused } = (reached ?? {}) as Partial<ReturnType<typeof asLists>>;
  return { sent: new Set(sent), refused: new Set(refused) };
}

/** Tells the customer of a refund. */
@HandlesJob(RefundJob)
@Injectable()
export class RefundProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const refund = await this.data.refund(uuidOf(job, 'refundId'));
    const order = await this.data.order(refund.orderId);
    await this.post.send(job.id, order.shop, order.email, refundNotice(order, refund, this.post.links));
  }
}

/** Reasons that are news to nobody while an order was never placed: the shopper left the payment page. */
const LEFT_UNPAID = new Set(['expired', 'payment_canceled', 'too_many_attempts']);

/** Tells the customer that an order is canceled, unless it was a checkout that they walked away from. */
@HandlesJob(OrderCanceledJob)
@Injectable()
export class OrderCanceledProcessor implements JobHandler {
  constructor(
    private readonly data: MailDataQuery,
    private readonly post: PostOffice,
  ) {}

  async handle(job: JobContext): Promise<void> {
    const order = await this.data.order(uuidOf(job, 'aggregateId'));
    if (order.placedAt === null && LEFT_UNPAID.has(order.cancelReason ?? '')) return;
    await this.post.send(job.id, order.shop, order.email, cancellationNotice(order, this.post.links));
  }
}
