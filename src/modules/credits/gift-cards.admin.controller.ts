import { Body, Controller, Get, Header, HttpCode, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidCursor, InvalidId, InvalidParameter, NotFound, UnknownParameter, ValidationFailed } from '#libs/errors';
import { Idempotent, IdParam, ListEnvelope, type Page, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { CreditTooSmall } from './credits.errors.js';
import { CreditsQuery } from './credits.query.js';
import {
  AdjustCreditRequest,
  CreditTransactionResponse,
  GiftCardCodeResponse,
  GiftCardDetailResponse,
  GiftCardListQuery,
  GiftCardResponse,
  IssueGiftCardRequest,
} from './dto/credits.dto.js';
import { ManageCredits } from './manage-credits.service.js';

/** Money in advance, for whoever knows the code. */
@ApiTags('Gift cards')
@Controller('v1/admin/gift-cards')
export class GiftCardsAdminController {
  constructor(
    private readonly query: CreditsQuery,
    private readonly manage: ManageCredits,
  ) {}

  @Get()
  @Staff('credits.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'listGiftCards', summary: 'Gift cards, newest first' })
  @ListEnvelope(GiftCardResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  async list(@Query() query: GiftCardListQuery): Promise<{ data: GiftCardResponse[]; page: Page }> {
    const { rows, page } = await this.query.cards(query);
    return { data: rows.map((row) => GiftCardResponse.from(row)), page };
  }

  @Post()
  @Staff('credits.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'issueGiftCard',
    summary: 'Give a gift card away',
    description: 'Its code is read with GET /v1/admin/gift-cards/{id}/code: no answer that is kept carries it.',
  })
  @ApiCreatedResponse({ type: GiftCardDetailResponse })
  @Throws(ValidationFailed)
  async issue(
    @Body() body: IssueGiftCardRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<GiftCardDetailResponse> {
    return this.details(await this.manage.issue(body, actorOf(staff)));
  }

  @Get(':id')
  @Staff('credits.read')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({ operationId: 'getGiftCard', summary: 'A gift card with what happened to it' })
  @ApiOkResponse({ type: GiftCardDetailResponse })
  @Throws(InvalidId, NotFound)
  get(@IdParam('giftCard', 'id', WELL_KNOWN.giftCardId) id: string): Promise<GiftCardDetailResponse> {
    return this.details(id);
  }

  @Get(':id/code')
  @Staff('credits.write')
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'getGiftCardCode',
    summary: 'The code of a gift card, to hand it over',
    description: 'Not found for a card whose code was not made here, such as the one of the demo shop.',
  })
  @ApiOkResponse({ type: GiftCardCodeResponse })
  @Throws(InvalidId, NotFound)
  async code(@IdParam('giftCard') id: string): Promise<GiftCardCodeResponse> {
    return { code: await this.manage.codeOf(id) };
  }

  @Post(':id/disable')
  @HttpCode(200)
  @Staff('credits.write')
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'disableGiftCard',
    summary: 'Withdraw a gift card',
    description: 'It pays nothing any more. What is on it stays, and refunds of what it paid still reach it.',
  })
  @ApiOkResponse({ type: GiftCardDetailResponse })
  @Throws(InvalidId, NotFound)
  async disable(@IdParam('giftCard', 'id', WELL_KNOWN.giftCardId) id: string): Promise<GiftCardDetailResponse> {
    await this.manage.disable(id);
    return this.details(id);
  }

  @Post(':id/adjustments')
  @Staff('credits.write')
  @Idempotent()
  @ApiOperation({ operationId: 'adjustGiftCard', summary: 'Put money on a gift card, or take it, with the reason' })
  @ApiCreatedResponse({ type: GiftCardDetailResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, CreditTooSmall)
  async adjust(
    @IdParam('giftCard', 'id', WELL_KNOWN.giftCardId) id: string,
    @Body() body: AdjustCreditRequest,
    @CurrentStaff() staff: StaffIdentity,
  ): Promise<GiftCardDetailResponse> {
    await this.manage.adjust(id, body, actorOf(staff));
    return this.details(id);
  }

  private async details(id: string): Promise<GiftCardDetailResponse> {
    const [card, transactions] = await Promise.all([this.query.card(id), this.query.ofCard(id)]);
    return {
      ...GiftCardResponse.from(card),
      transactions: transactions.map((row) => CreditTransactionResponse.from(row)),
    };
  }
}

export const actorOf = (staff: StaffIdentity): string => `staff:${encodeId('user', staff.id)}`;
