// What the Swagger UI pages do for people: headers that a program would make are filled in, sessions renew themselves.
(() => {
  'use strict';
  const { document: documentUrl, kind } = document.body.dataset;
  const staff = kind === 'staff';
  const REFRESH_TOKEN = 'emporium.refreshToken';
  const FILLED_IN = ['idempotency-key', ...(staff ? ['if-match'] : [])];
  const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
  const etags = new Map();
  let ui;

  const note = (text) => {
    document.getElementById('note').textContent = text;
  };
  const pathOf = (url) => new URL(url, location.href).pathname;

  /** In this page an empty header is filled in, so the form must let it be empty; the document itself is unchanged. */
  function relax(spec) {
    for (const item of Object.values(spec.paths)) {
      for (const method of METHODS) {
        for (const parameter of item[method]?.parameters ?? []) {
          if (parameter.in !== 'header' || !FILLED_IN.includes(parameter.name.toLowerCase())) continue;
          parameter.required = false;
          delete parameter.example;
          delete parameter.schema?.example;
          parameter.description = `${parameter.description ?? ''} (left empty, this page fills it in)`.trim();
        }
      }
    }
    return spec;
  }

  /** Which headers the operation behind a call takes. */
  function headersOf(spec, method, path) {
    for (const [template, item] of Object.entries(spec.paths)) {
      const pattern = new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`);
      const operation = item[method.toLowerCase()];
      if (operation && pattern.test(path)) {
        return new Set((operation.parameters ?? []).filter((p) => p.in === 'header').map((p) => p.name.toLowerCase()));
      }
    }
    return new Set();
  }

  const headerName = (headers, name) => Object.keys(headers).find((key) => key.toLowerCase() === name);
  const isEmpty = (headers, name) => {
    const key = headerName(headers, name);
    return key === undefined || String(headers[key]).trim() === '';
  };
  const setHeader = (headers, name, value) => {
    const key = headerName(headers, name.toLowerCase());
    if (key !== undefined) delete headers[key];
    headers[name] = value;
  };

  /** As if it had been entered into the dialog: it is sent from now on, and kept over reloads. */
  function authorize(name, value) {
    const schema = ui.specSelectors.specJson().getIn(['components', 'securitySchemes', name]).toJS();
    ui.authActions.authorizeWithPersistOption({ [name]: { name, schema, value } });
  }

  // --- sessions of staff -------------------------------------------------------------------------------------------

  function keepSession(answer) {
    if (answer.refreshToken) sessionStorage.setItem(REFRESH_TOKEN, answer.refreshToken);
    authorize('bearer', answer.accessToken);
  }

  /** Seconds until the token expires; a token that we cannot read is the server's to judge. */
  function secondsLeft(token) {
    try {
      const payload = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
      return payload.exp - Date.now() / 1000;
    } catch {
      return Infinity;
    }
  }

  let renewing = null;
  /** A fresh access token, or null when the session is over. Calls at the same time share one renewal. */
  function renew() {
    renewing ??= (async () => {
      const refreshToken = sessionStorage.getItem(REFRESH_TOKEN);
      if (!refreshToken) return null;
      const response = await fetch('/v1/auth/refresh', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ refreshToken }),
      });
      if (!response.ok) {
        if (response.status === 401 || response.status === 400) {
          sessionStorage.removeItem(REFRESH_TOKEN);
          note('The session has ended: execute login again.');
        }
        return null;
      }
      const answer = await response.json();
      keepSession(answer);
      note('Session renewed.');
      return answer.accessToken;
    })()
      .catch(() => null)
      .finally(() => {
        renewing = null;
      });
    return renewing;
  }

  const bearerOf = (headers) => /^Bearer (\S+)$/i.exec(headers[headerName(headers, 'authorization')] ?? '')?.[1];

  /** fetch that answers an expired session with a new token and a second try. */
  async function fetchWithRenewal(url, request) {
    const response = await fetch(url, request);
    if (response.status !== 401 || !bearerOf(request.headers)) return response;
    const token = await renew();
    if (!token) return response;
    const headers = { ...request.headers };
    setHeader(headers, 'Authorization', `Bearer ${token}`);
    return fetch(url, { ...request, headers });
  }

  // --- what is filled in -------------------------------------------------------------------------------------------

  /** The last ETag seen for the address; when none was seen yet, the page reads it. */
  async function etagFor(path, headers) {
    if (etags.has(path)) return etags.get(path);
    const authorization = headers[headerName(headers, 'authorization')];
    const response = await fetch(path, { headers: authorization ? { Authorization: authorization } : {} });
    return response.ok ? response.headers.get('etag') : null;
  }

  async function beforeCall(spec, request) {
    const path = pathOf(request.url);
    if (!path.startsWith('/v1/')) return request;
    const headers = (request.headers ??= {});
    const method = (request.method ?? 'GET').toUpperCase();
    const takes = headersOf(spec, method, path);
    const token = bearerOf(headers);
    if (token) {
      if (secondsLeft(token) < 15) {
        const fresh = await renew();
        if (fresh) setHeader(headers, 'Authorization', `Bearer ${fresh}`);
      }
      request.userFetch = fetchWithRenewal;
    }
    if (takes.has('idempotency-key') && isEmpty(headers, 'idempotency-key')) {
      setHeader(headers, 'Idempotency-Key', crypto.randomUUID?.() ?? randomUuid());
    }
    if (staff && takes.has('if-match') && isEmpty(headers, 'if-match')) {
      const etag = await etagFor(path, headers);
      if (etag) setHeader(headers, 'If-Match', etag);
    }
    if (path === '/v1/auth/refresh' || path === '/v1/auth/logout') fillRefreshToken(request);
    return request;
  }

  /** The example in the form is nobody's token: the one of this page's session is meant. */
  function fillRefreshToken(request) {
    const kept = sessionStorage.getItem(REFRESH_TOKEN);
    if (!kept) return;
    try {
      const body = JSON.parse(request.body ?? '{}');
      if (!body.refreshToken || body.refreshToken === 'string') body.refreshToken = kept;
      request.body = JSON.stringify(body);
    } catch {
      // Not JSON: the server says so.
    }
  }

  /** crypto.randomUUID exists on https and localhost only. */
  function randomUuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  function afterCall(response) {
    const path = pathOf(response.url);
    const etag = response.headers?.etag;
    if (response.ok && etag) {
      const location_ = response.headers.location;
      etags.set(response.status === 201 && location_ ? pathOf(location_) : path, etag);
    } else if (response.status === 412 || response.status === 404) {
      etags.delete(path);
    }
    const body = response.ok ? (response.body ?? response.obj) : null;
    if ((path === '/v1/auth/login' || path === '/v1/auth/refresh') && body?.accessToken) {
      keepSession(body);
      note(`Signed in${body.user?.email ? ` as ${body.user.email}` : ''}.`);
    }
    if (path === '/v1/auth/logout' && response.ok) {
      sessionStorage.removeItem(REFRESH_TOKEN);
      ui.authActions.logoutWithPersistOption(['bearer']);
      note('Signed out.');
    }
    if (path === '/v1/carts' && response.status === 201 && body?.token) {
      authorize('cartToken', body.token);
      note('The token of this cart is sent with the next calls.');
    }
    return response;
  }

  async function start() {
    const response = await fetch(documentUrl);
    const spec = relax(await response.json());
    ui = SwaggerUIBundle({
      spec,
      dom_id: '#swagger-ui',
      presets: [SwaggerUIBundle.presets.apis],
      layout: 'BaseLayout',
      deepLinking: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: -1,
      defaultModelExpandDepth: 3,
      displayRequestDuration: true,
      filter: true,
      persistAuthorization: true,
      tryItOutEnabled: true,
      validatorUrl: null,
      requestInterceptor: (request) => beforeCall(spec, request),
      responseInterceptor: afterCall,
    });
    window.ui = ui;
  }

  start().catch((error) => note(`The document could not be loaded: ${error.message}`));
})();
