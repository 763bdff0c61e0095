import type { ApiOperationOptions } from '@nestjs/swagger';

/** The body of an image: JSON with an address, or an upload. */
export const IMAGE_REQUEST_BODY: NonNullable<ApiOperationOptions['requestBody']> = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: {
          url: { type: 'string', format: 'uri', maxLength: 2048, description: 'kept, never fetched' },
          alt: { type: 'string', maxLength: 500, description: 'for those who do not see it' },
        },
      },
      example: { url: 'https://images.example.com/coffee-bag-back.jpg', alt: 'The back of the bag' },
    },
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: ['file'],
        properties: {
          alt: { type: 'string', maxLength: 500, description: 'for those who do not see it' },
          file: { type: 'string', format: 'binary' },
        },
      },
    },
  },
};
