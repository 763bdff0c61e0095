/** Documents the version that an answer carries. */
export const ETAG_HEADER = { ETag: { description: 'version for If-Match', schema: { type: 'string' as const } } };
