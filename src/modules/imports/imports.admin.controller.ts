import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import { BOM, csvText, restored } from '#libs/csv';
import {
  InvalidCursor,
  InvalidId,
  InvalidParameter,
  NotFound,
  PayloadTooLarge,
  UnknownParameter,
  UnsupportedMediaType,
  ValidationFailed,
} from '#libs/errors';
import { attachment, IdParam, ListEnvelope, ListQuery, type Page, type Reply, type Request, Throws } from '#libs/http';
import { encodeId } from '#libs/ids';
import { CurrentStaff, Staff, type StaffIdentity } from '../auth/index.js';
import { ImportResponse } from './dto/import.response.js';
import { assertMaySeeImport } from './import-access.js';
import { IMPORT_KINDS, type RejectedRow } from './import-state.js';
import { ImportsQuery } from './imports.query.js';
import { ImportsRepository } from './imports.repository.js';
import { StartImport } from './start-import.service.js';
import { withUpload } from './upload.js';

@ApiTags('Imports')
@Controller('v1/admin/imports')
export class ImportsAdminController {
  constructor(
    private readonly startImport: StartImport,
    private readonly query: ImportsQuery,
    private readonly imports: ImportsRepository,
  ) {}

  @Post()
  @HttpCode(202)
  @Staff('imports.write')
  @ApiOperation({
    operationId: 'startImport',
    summary: 'Import products, customers or price lists',
    description:
      'Products are found by their handle and variants by their option values, so importing a file again changes nothing. ' +
      'A product with a mistake is left out and listed with its line; the others are imported. ' +
      'Quantities count for new variants only, unless `stock` is `set`. Images are linked, not fetched. ' +
      'Customers are found by their e-mail address; they get no password and no mail. ' +
      'Price lists have a price in each row; what the file does not name stays. ' +
      'Needs the permission to change such things one by one, too: `catalog.write` or `customers.write`, and `inventory.write` for `stock` `set`.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: {
        file: {
          type: 'string',
          format: 'binary',
          description: 'CSV up to 20 MB, in UTF-8 or Windows-1252, with commas, semicolons or tabs',
        },
        kind: { type: 'string', enum: [...IMPORT_KINDS], default: 'products' },
        dryRun: { type: 'boolean', default: false, description: 'tell what would happen and change nothing' },
        currency: {
          type: 'string',
          // Empty means left out: the page makes up what has no example, and would send any other example unasked.
          pattern: '^([A-Z]{3})?$',
          example: '',
          description: "of the prices, where the file does not say; the shop's when left out",
        },
        stock: {
          type: 'string',
          enum: ['keep', 'set'],
          default: 'keep',
          description: '`set`: stock becomes what the file says',
        },
      },
    },
  })
  @ApiAcceptedResponse({
    type: ImportResponse,
    description: 'Taken in; a job imports it',
    headers: { Location: { description: 'where its progress is', schema: { type: 'string' } } },
  })
  @Throws(ValidationFailed, UnsupportedMediaType, PayloadTooLarge)
  async start(
    @Req() request: Request,
    @CurrentStaff() staff: StaffIdentity,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<ImportResponse> {
    const id = await withUpload(request, (upload) => this.startImport.execute(upload, staff));
    reply.header('Location', `/v1/admin/imports/${encodeId('import', id)}`);
    return this.query.get(id);
  }

  @Get()
  @Staff('imports.write')
  @ApiOperation({ operationId: 'listImports', summary: 'Imports, newest first, without their issues' })
  @ListEnvelope(ImportResponse)
  @Throws(InvalidCursor, InvalidParameter, UnknownParameter)
  list(@Query() query: ListQuery): Promise<{ data: ImportResponse[]; page: Page }> {
    return this.query.list(query);
  }

  @Get(':id')
  @Staff('imports.write')
  @ApiOperation({ operationId: 'getImport', summary: 'An import: progress, what became of the products, mistakes' })
  @ApiOkResponse({ type: ImportResponse })
  @Throws(InvalidId, NotFound)
  async get(@IdParam('import') id: string, @CurrentStaff() staff: StaffIdentity): Promise<ImportResponse> {
    const found = await this.query.get(id);
    assertMaySeeImport(found.kind, staff);
    return found;
  }

  @Get(':id/rejects')
  @Staff('imports.write')
  @ApiOperation({
    operationId: 'downloadImportRejects',
    summary: 'The rows that an import left out, as a file',
    description:
      'CSV with the columns of the file and one more that says what is wrong. All rows of a product with a mistake are in it: mend them and ' +
      'import this file. It is kept for 7 days.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ description: 'The file', schema: { type: 'string', format: 'binary' } })
  @Throws(InvalidId, NotFound)
  async rejects(
    @IdParam('import') id: string,
    @CurrentStaff() staff: StaffIdentity,
    @Res() reply: Reply,
  ): Promise<void> {
    const { fileName, kind } = await this.query.get(id);
    assertMaySeeImport(kind, staff);
    if (!(await this.imports.hasRejects(id)))
      throw NotFound({ detail: 'This import has left out no rows, or they are deleted.' });
    reply.header('Content-Type', 'text/csv; charset=utf-8');
    reply.header('Content-Disposition', attachment(`left-out-of-${fileName}`));
    reply.header('Cache-Control', 'private, no-store');
    reply.header('X-Content-Type-Options', 'nosniff');
    void reply.send(Readable.from(rejectsFile(this.imports.rejects(id))));
  }
}

/** The column that says what is wrong. The import passes over it. */
const REASON_COLUMN = 'Reason';

/** What is wrong comes first, so that nothing in the row can push it aside. */
async function* rejectsFile(batches: AsyncIterable<RejectedRow[]>): AsyncGenerator<string> {
  let isBegun = false;
  for await (const rows of batches) {
    if (!isBegun) yield BOM;
    isBegun = true;
    yield csvText(rows.map(({ line, cells, reason }) => [line === 0 ? REASON_COLUMN : reason, ...cells.map(restored)]));
  }
}
