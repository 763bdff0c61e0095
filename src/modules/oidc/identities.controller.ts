import { Body, Controller, Delete, Get, Header, HttpCode, Ip, type OnModuleInit, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InvalidId, NotFound, RateLimited, ValidationFailed } from '#libs/errors';
import { IdParam, ListEnvelope, Throws } from '#libs/http';
import {
  CurrentCustomer,
  Customer,
  type CustomerIdentity,
  Identities,
  IdentityTaken,
  WrongPassword,
} from '../auth/index.js';
import { MyDataParts } from '../customers/index.js';
import { BeginSignIn } from './begin-sign-in.service.js';
import { AuthorizationResponse, BeginLinkRequest, FinishLinkRequest, IdentityResponse } from './dto/oidc.dto.js';
import { FinishSignIn } from './finish-sign-in.service.js';
import { ATTEMPT_SECONDS } from './oidc-attempts.repository.js';
import { ProviderParam } from './oidc.controller.js';
import { LastWayIn, ProviderNotFound, ProviderUnavailable, SignInNotFinished } from './oidc.errors.js';
import { Unlink } from './unlink.service.js';

/** Accounts elsewhere with which a customer signs in. */
@ApiTags('Account')
@Controller('v1/me/identities')
export class IdentitiesController implements OnModuleInit {
  constructor(
    private readonly identities: Identities,
    private readonly begin: BeginSignIn,
    private readonly finish: FinishSignIn,
    private readonly unlink: Unlink,
    private readonly myData: MyDataParts,
  ) {}

  onModuleInit(): void {
    this.myData.add('identities', async (customerId) => (await this.list({ id: customerId })).data);
  }

  @Get()
  @Customer()
  @ApiOperation({ operationId: 'listMyIdentities', summary: 'Where else I sign in' })
  @ListEnvelope(IdentityResponse, { paged: false })
  async list(@CurrentCustomer() customer: Pick<CustomerIdentity, 'id'>): Promise<{ data: IdentityResponse[] }> {
    return { data: (await this.identities.list('customer', customer.id)).map((row) => IdentityResponse.from(row)) };
  }

  @Post(':provider/start')
  @HttpCode(200)
  @Customer()
  @ProviderParam()
  @Header('Cache-Control', 'private, no-store')
  @ApiOperation({
    operationId: 'beginLink',
    summary: 'Sign in at a provider, to use it here from now on',
    description:
      'As POST /v1/auth/oidc/{provider}/start; POST /v1/me/identities finishes it. Needs the password of an account that has one.',
  })
  @ApiOkResponse({ type: AuthorizationResponse })
  @Throws(ValidationFailed, WrongPassword, ProviderNotFound, ProviderUnavailable, RateLimited)
  async start(
    @CurrentCustomer() customer: CustomerIdentity,
    @Param('provider') provider: string,
    @Body() body: BeginLinkRequest,
    @Ip() address: string,
  ): Promise<AuthorizationResponse> {
    const authorizationUrl = await this.begin.link(provider, body, customer, address);
    return { authorizationUrl, expiresIn: ATTEMPT_SECONDS };
  }

  @Post()
  @Customer()
  @ApiOperation({
    operationId: 'finishLink',
    summary: 'From now on I sign in with the account that I have just shown',
    description:
      'Its e-mail address does not matter: whoever is signed in here and there has shown that both are theirs. A mail tells of it.',
  })
  @ApiCreatedResponse({ type: IdentityResponse })
  @Throws(ValidationFailed, SignInNotFinished, IdentityTaken)
  async link(
    @CurrentCustomer() customer: CustomerIdentity,
    @Body() body: FinishLinkRequest,
  ): Promise<IdentityResponse> {
    const id = await this.finish.link(customer, body);
    const row = (await this.identities.list('customer', customer.id)).find((one) => one.id === id);
    if (!row) throw NotFound();
    return IdentityResponse.from(row);
  }

  @Delete(':id')
  @HttpCode(204)
  @Customer()
  @ApiOperation({
    operationId: 'unlinkIdentity',
    summary: 'No longer sign in with that account',
    description: 'Not when there is no password and no other such account: choose a password first.',
  })
  @ApiNoContentResponse({ description: 'It opens this account no more' })
  @Throws(InvalidId, NotFound, LastWayIn)
  remove(@CurrentCustomer() customer: CustomerIdentity, @IdParam('identity') id: string): Promise<void> {
    return this.unlink.execute(customer.id, id);
  }
}
