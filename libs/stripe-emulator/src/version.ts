/** The API version that `stripe@23.1.0` is pinned to; objects are shaped as this version shapes them. */
export const API_VERSION = '2026-10-28.endive';
