/** A call that the API executed or refused, before any disturbance of its answer. */
export interface Exchange {
  method: string;
  /** Such as `/v1/refunds/:id`. */
  pattern: string;
  /** As sent, without `client_secret` of a browser. */
  params: Record<string, unknown>;
  /** Asked with a publishable key. */
  isBrowser: boolean;
  status: number;
  body: object;
}
