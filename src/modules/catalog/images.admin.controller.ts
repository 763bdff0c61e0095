import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  IfMatchRequired,
  InvalidHeader,
  InvalidId,
  PayloadTooLarge,
  UnsupportedMediaType,
  ValidationFailed,
  VersionMismatch,
} from '#libs/errors';
import { IdParam, IfMatch, type Reply, type Request, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { WELL_KNOWN } from '../../db/seed/well-known.js';
import { Staff } from '../auth/index.js';
import {
  ImageNotFound,
  ImageTooLarge,
  MediaStoreUnavailable,
  NotAnImage,
  ProductNotFound,
  TooManyImages,
} from './catalog.errors.js';
import { IMAGE_REQUEST_BODY } from './dto/image-upload.docs.js';
import { UpdateImageRequest } from './dto/product.request.js';
import { AdminImageView } from './dto/product.response.js';
import { EditImages } from './edit-images.service.js';
import { CREATED_HEADERS, ETAG_HEADER, setVersion } from './etag-header.js';
import { ImageIntake } from './image-intake.service.js';
import { type AdminProductRecord, AdminProductsQuery } from './products.admin.query.js';

const PRODUCT = WELL_KNOWN.productId;
const IMAGE = WELL_KNOWN.imageId;
const VERSION_NOTE = 'The ETag is that of the whole product, since both are shown together.';

/** The images of a product. */
@ApiTags('Products')
@Controller('v1/admin/products/:id/images')
export class ImagesAdminController {
  constructor(
    private readonly query: AdminProductsQuery,
    private readonly intake: ImageIntake,
    private readonly edit: EditImages,
  ) {}

  @Post()
  @Staff('catalog.write')
  @ApiOperation({
    operationId: 'addProductImage',
    summary: 'Add an image: an address, or an uploaded file',
    description:
      'JSON names an address, which is kept and never fetched. multipart/form-data uploads a PNG, JPEG, WebP, GIF or AVIF of up to 20 MB and 50 megapixels in the field `file`, with its text in `alt`. What it tells of when and where it was taken is left out; smaller versions as WebP and AVIF follow within seconds.',
    requestBody: IMAGE_REQUEST_BODY,
  })
  @ApiCreatedResponse({ type: AdminImageView, headers: CREATED_HEADERS })
  @Throws(ValidationFailed, InvalidId, UnsupportedMediaType, PayloadTooLarge)
  @Throws(NotAnImage, ImageTooLarge, TooManyImages, ProductNotFound, MediaStoreUnavailable)
  async add(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminImageView> {
    await this.query.get(productId);
    const { product, id } = await this.intake.receive(request, (image) => this.edit.add(productId, image));
    const address = `/v1/admin/products/${encodeId('product', productId)}/images/${encodeId('image', id)}`;
    reply.header('Location', address);
    return answer(reply, product, id);
  }

  @Get(':imageId')
  @Staff('catalog.read')
  @ApiOperation({ operationId: 'getProductImage', summary: 'One image', description: VERSION_NOTE })
  @ApiOkResponse({ type: AdminImageView, headers: ETAG_HEADER })
  @Throws(InvalidId, ProductNotFound, ImageNotFound)
  async get(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('image', 'imageId', IMAGE) id: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminImageView> {
    return answer(reply, await this.query.get(productId), id);
  }

  @Patch(':imageId')
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'updateProductImage', summary: 'Describe or move an image', description: VERSION_NOTE })
  @ApiOkResponse({ type: AdminImageView, headers: ETAG_HEADER })
  @Throws(ValidationFailed, InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound, ImageNotFound)
  async update(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('image', 'imageId', IMAGE) id: string,
    @Body() body: UpdateImageRequest,
    @IfMatch('required') version: number | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<AdminImageView> {
    return answer(reply, await this.edit.update(productId, id, body, version), id);
  }

  @Delete(':imageId')
  @HttpCode(204)
  @Staff('catalog.write')
  @ApiOperation({ operationId: 'removeProductImage', summary: 'Take an image off', description: VERSION_NOTE })
  @ApiNoContentResponse({ description: 'Taken off' })
  @Throws(InvalidId, InvalidHeader, IfMatchRequired, VersionMismatch, ProductNotFound, ImageNotFound)
  remove(
    @IdParam('product', 'id', PRODUCT) productId: string,
    @IdParam('image', 'imageId', IMAGE) id: string,
    @IfMatch('required') version: number | undefined,
  ): Promise<void> {
    return this.edit.remove(productId, id, version);
  }
}

function answer(reply: Reply, product: AdminProductRecord, id: string): AdminImageView {
  const image = product.images.find((candidate) => candidate.id === id);
  if (!image) throw ImageNotFound();
  setVersion(reply, product.version);
  return { ...image, id: encodeId('image', image.id) };
}
