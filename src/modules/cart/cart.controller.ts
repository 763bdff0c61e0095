import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Req, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { InvalidId, NotFound, RateLimited, ValidationFailed, VersionMismatch } from '#libs/errors';
import { etagOf, Idempotent, IdParam, IfMatch, type Reply, type Request, Throws } from '#libs/http';
import {
  CartToken,
  CurrentCustomer,
  CurrentShopper,
  Customer,
  type CustomerIdentity,
  Shopper,
  type ShopperIdentity,
} from '../auth/index.js';
import { PriceWishHeaders, priceWishOf } from '../settings/index.js';
import {
  GiftCardCurrency,
  GiftCardDisabled,
  GiftCardEmpty,
  GiftCardExpired,
  GiftCardUnknown,
  TooManyGiftCards,
} from '../credits/index.js';
import {
  CartCompleted,
  NoGiftCard,
  QuantityTooLarge,
  ShippingMethodNotFound,
  TooManyLines,
  VariantNotFound,
} from './cart.errors.js';
import {
  PromotionCodeNotFound,
  PromotionExpired,
  PromotionUsedUp,
  TooManyPromotionCodes,
} from '../promotions/index.js';
import { CartService, type CartView } from './cart.service.js';
import {
  ApplyGiftCardRequest,
  ApplyPromotionRequest,
  CartLineRequest,
  CreateCartRequest,
  UpdateCartLineRequest,
  UpdateCartRequest,
} from './dto/cart.request.js';
import { CartResponse, CreatedCartResponse, ShippingMethodsResponse } from './dto/cart.response.js';
import { MergeCartRequest, MergedCartResponse } from './dto/merge.response.js';

function send<R>(reply: Reply, view: CartView<R>): R {
  reply.header('ETag', etagOf(view.version));
  reply.header('Cache-Control', 'private, no-store');
  return view.body;
}

@ApiTags('Cart')
@Controller('v1/carts')
export class CartController {
  constructor(private readonly carts: CartService) {}

  @Post()
  @Shopper()
  @ApiOperation({
    operationId: 'createCart',
    summary: 'Make a cart',
    description:
      'Answers the cart and, this once, its `token`. The cart of a customer who is signed in belongs to their account. ' +
      'It keeps the market and the currency in which it is made.',
  })
  @PriceWishHeaders()
  @ApiCreatedResponse({ type: CreatedCartResponse })
  @Throws(
    ValidationFailed,
    VariantNotFound,
    QuantityTooLarge,
    ShippingMethodNotFound,
    PromotionCodeNotFound,
    PromotionExpired,
    PromotionUsedUp,
    RateLimited,
  )
  async create(
    @Body() body: CreateCartRequest,
    @CurrentShopper() shopper: ShopperIdentity,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CreatedCartResponse> {
    const view = await this.carts.create(body, priceWishOf(request), request.ip, shopper.customer);
    reply.header('Location', `/v1/carts/${view.body.id}`);
    return send(reply, view);
  }

  @Get(':id')
  @Shopper()
  @ApiOperation({ operationId: 'getCart', summary: 'Read a cart, priced at this moment' })
  @ApiOkResponse({ type: CartResponse })
  @Throws(InvalidId, NotFound)
  async get(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.get({ id, shopper }));
  }

  @Patch(':id')
  @Shopper()
  @ApiOperation({
    operationId: 'updateCart',
    summary: 'Change e-mail, addresses, shipping method, use of store credit or all lines of a cart',
  })
  @ApiOkResponse({ type: CartResponse })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    CartCompleted,
    VersionMismatch,
    VariantNotFound,
    QuantityTooLarge,
    ShippingMethodNotFound,
    PromotionCodeNotFound,
    PromotionExpired,
    PromotionUsedUp,
    RateLimited,
  )
  async update(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: UpdateCartRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.update({ id, shopper, expectedVersion }, body, request.ip));
  }

  @Delete(':id')
  @Shopper()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteCart', summary: 'Throw a cart away' })
  @ApiNoContentResponse({ description: 'Gone' })
  @Throws(InvalidId, NotFound, CartCompleted, VersionMismatch)
  async delete(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
  ): Promise<void> {
    await this.carts.delete({ id, shopper, expectedVersion });
  }

  @Post(':id/lines')
  @Shopper()
  @Idempotent('optional')
  @ApiOperation({
    operationId: 'addCartLine',
    summary: 'Put a variant into the cart',
    description: 'The same variant adds up.',
  })
  @ApiCreatedResponse({ type: CartResponse, description: 'The cart' })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    CartCompleted,
    VersionMismatch,
    VariantNotFound,
    QuantityTooLarge,
    TooManyLines,
  )
  async addLine(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: CartLineRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.addLine({ id, shopper, expectedVersion }, body));
  }

  @Patch(':id/lines/:lineId')
  @Shopper()
  @ApiOperation({
    operationId: 'updateCartLine',
    summary: 'Set the quantity of a line',
    description: '0 takes it out. Gift cards may go to somebody else.',
  })
  @ApiOkResponse({ type: CartResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, CartCompleted, VersionMismatch, NoGiftCard)
  async updateLine(
    @IdParam('cart') id: string,
    @IdParam('line', 'lineId') lineId: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: UpdateCartLineRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.updateLine({ id, shopper, expectedVersion }, lineId, body));
  }

  @Delete(':id/lines/:lineId')
  @Shopper()
  @ApiOperation({ operationId: 'removeCartLine', summary: 'Take a line out of the cart' })
  @ApiOkResponse({ type: CartResponse, description: 'The cart without it' })
  @Throws(InvalidId, NotFound, CartCompleted, VersionMismatch)
  async removeLine(
    @IdParam('cart') id: string,
    @IdParam('line', 'lineId') lineId: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.removeLine({ id, shopper, expectedVersion }, lineId));
  }

  @Post(':id/merge')
  @Customer()
  @HttpCode(200)
  @ApiHeader({ name: 'X-Cart-Token', required: false, description: 'of the cart `id`', schema: { type: 'string' } })
  @ApiOperation({
    operationId: 'mergeCart',
    summary: 'Bring the cart of a guest to the account',
    description:
      'Its lines go into the cart that the customer used last, the same variant adds up, and the answer says what changed. Without such a cart ' +
      'it becomes the customer’s as it is. From then on the account opens it; the token of the guest does not any more.',
  })
  @ApiOkResponse({ type: MergedCartResponse })
  @Throws(ValidationFailed, InvalidId, NotFound, CartCompleted)
  async merge(
    @IdParam('cart') id: string,
    @CurrentCustomer() customer: CustomerIdentity,
    @CartToken() cartToken: string | undefined,
    @Body() body: MergeCartRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<MergedCartResponse> {
    const { cartId, outcome, changes } = await this.carts.merge({
      cartId: id,
      cartToken,
      customer,
      intoCartId: body.intoCartId,
    });
    return {
      outcome,
      changes,
      cart: send(reply, await this.carts.get({ id: cartId, shopper: { cartToken, customer } })),
    };
  }

  @Get(':id/shipping-methods')
  @Shopper()
  @ApiOperation({
    operationId: 'listCartShippingMethods',
    summary: 'What can ship this cart to its address, with prices',
    description:
      'The price is what `shippingTotal` becomes with the method. Methods that do not take these goods, or not to this address, are left out.',
  })
  @ApiOkResponse({ type: ShippingMethodsResponse })
  @Throws(InvalidId, NotFound)
  async shippingMethods(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ShippingMethodsResponse> {
    reply.header('Cache-Control', 'private, no-store');
    return this.carts.shippingMethods({ id, shopper });
  }

  @Post(':id/promotions')
  @Shopper()
  @ApiOperation({
    operationId: 'applyPromotion',
    summary: 'Apply a promotion code',
    description:
      'Capitals do not matter, and twice is once. A code whose conditions do not hold yet stays in the cart: `promotions` says what is ' +
      'missing. Who tries too many wrong codes has to wait.',
  })
  @ApiCreatedResponse({ type: CartResponse, description: 'The cart' })
  @Throws(ValidationFailed, InvalidId, NotFound, CartCompleted, VersionMismatch, PromotionCodeNotFound)
  @Throws(PromotionExpired, PromotionUsedUp, TooManyPromotionCodes, RateLimited)
  async applyPromotion(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: ApplyPromotionRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.applyPromotion({ id, shopper, expectedVersion }, body.code, request.ip));
  }

  @Delete(':id/promotions/:code')
  @Shopper()
  @ApiOperation({ operationId: 'removePromotion', summary: 'Take a promotion code off' })
  @ApiParam({ name: 'code', schema: { type: 'string', example: WELL_KNOWN.promotionCode } })
  @ApiOkResponse({ type: CartResponse, description: 'The cart without it' })
  @Throws(InvalidId, NotFound, CartCompleted, VersionMismatch)
  async removePromotion(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Param('code') code: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.removePromotion({ id, shopper, expectedVersion }, code));
  }

  @Post(':id/gift-cards')
  @Shopper()
  @ApiOperation({
    operationId: 'applyGiftCard',
    summary: 'Pay with a gift card',
    description:
      'It pays the cart as far as it reaches, after those that were applied before; `amountDue` is left to pay. A rest that is too small to be ' +
      'charged stays on the card. Nothing is taken from it before the checkout.',
  })
  @ApiCreatedResponse({ type: CartResponse, description: 'The cart' })
  @Throws(
    ValidationFailed,
    InvalidId,
    NotFound,
    CartCompleted,
    VersionMismatch,
    GiftCardUnknown,
    GiftCardDisabled,
    GiftCardExpired,
    GiftCardCurrency,
    GiftCardEmpty,
    TooManyGiftCards,
  )
  async applyGiftCard(
    @IdParam('cart') id: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Body() body: ApplyGiftCardRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.applyGiftCard({ id, shopper, expectedVersion }, body.code, request.ip));
  }

  @Delete(':id/gift-cards/:giftCardId')
  @Shopper()
  @ApiOperation({ operationId: 'removeGiftCard', summary: 'Do not pay with this gift card' })
  @ApiOkResponse({ type: CartResponse, description: 'The cart without it' })
  @Throws(InvalidId, NotFound, CartCompleted, VersionMismatch)
  async removeGiftCard(
    @IdParam('cart') id: string,
    @IdParam('giftCard', 'giftCardId') giftCardId: string,
    @CurrentShopper() shopper: ShopperIdentity,
    @IfMatch('optional') expectedVersion: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<CartResponse> {
    return send(reply, await this.carts.removeGiftCard({ id, shopper, expectedVersion }, giftCardId));
  }
}
