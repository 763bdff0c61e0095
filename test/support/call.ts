/** An answer of the API. */
export interface Reply<B> {
  status: number;
  headers: Headers;
  body: B;
}

/** What a request carries beside its address. */
export interface CallOptions {
  body?: unknown;
  bearer?: string;
  headers?: Record<string, string>;
}

/** A client of one server that speaks JSON. */
export function client(url: string) {
  return async function call<B = any>(method: string, path: string, options: CallOptions = {}): Promise<Reply<B>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(options.bearer === undefined ? {} : { Authorization: `Bearer ${options.bearer}` }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as B,
    };
  };
}
