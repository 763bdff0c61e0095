import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { BadRequest, InvalidId, NotFound, PayloadTooLarge, UnsupportedMediaType, ValidationFailed } from '#libs/errors';
import { IdParam, ListEnvelope, type Reply, type Request, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import { VariantFileResponse } from './dto/downloads.dto.js';
import { UploadVariantFile } from './upload-variant-file.service.js';
import { VariantFiles } from './variant-files.repository.js';

const PRODUCT = WELL_KNOWN.digitalProductId;
const VARIANT = WELL_KNOWN.digitalVariantId;

/** Files that variants are made of. */
@ApiTags('Products')
@Controller('v1/admin/products/:id/variants/:variantId/files')
export class VariantFilesAdminController {
  constructor(
    private readonly files: VariantFiles,
    private readonly upload: UploadVariantFile,
  ) {}

  @Get()
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'listVariantFiles', summary: 'The files that buyers of a variant may download' })
  @ListEnvelope(VariantFileResponse, { paged: false, description: 'The files' })
  @Throws(InvalidId, NotFound)
  async list(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) variantId: string,
  ): Promise<{ data: VariantFileResponse[] }> {
    await this.files.assertVariant(productId, variantId);
    return { data: (await this.files.list(variantId)).map((row) => VariantFileResponse.from(row)) };
  }

  @Post()
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'addVariantFile',
    summary: 'Add a file to a variant',
    description:
      'Whoever buys the variant from now on may download it, once the order is paid. It lies where only the shop reads it. ' +
      'Set `requiresShipping` of the variant to false where nothing is shipped: an order of such variants alone is fulfilled by its payment.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', format: 'binary', description: 'up to 100 MB' } },
    },
  })
  @ApiCreatedResponse({ type: VariantFileResponse })
  @Throws(ValidationFailed, BadRequest, InvalidId, NotFound, UnsupportedMediaType, PayloadTooLarge)
  async add(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) variantId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<VariantFileResponse> {
    const row = await this.upload.execute(productId, variantId, request);
    const [product, variant] = [encodeId('product', productId), encodeId('variant', variantId)];
    reply.header('Location', `/v1/admin/products/${product}/variants/${variant}/files/${encodeId('file', row.id)}`);
    return VariantFileResponse.from(row);
  }

  @Delete(':fileId')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'removeVariantFile',
    summary: 'Sell a file no longer',
    description: 'Who bought it before still gets it.',
  })
  @ApiNoContentResponse({ description: 'It is not sold any more' })
  @Throws(InvalidId, NotFound)
  async remove(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('variant', 'variantId', VARIANT) variantId: string,
    @IdParam('file', 'fileId') id: string,
  ): Promise<void> {
    await this.files.assertVariant(productId, variantId);
    await this.files.archive(variantId, id);
  }
}
