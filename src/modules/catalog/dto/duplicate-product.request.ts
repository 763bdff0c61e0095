import { Handle, Opt, Text } from '#libs/http';

/** What differs in the copy of a product. */
export class DuplicateProductRequest {
  @Text(
    255,
    Opt({
      pattern: /\S/,
      description: 'that of the original with “(copy)” when left out',
      example: 'House Blend, Decaf',
    }),
  )
  title?: string;
  @Handle(Opt({ description: 'made from that of the original when left out' }))
  handle?: string;
}
