// What the Swagger UI pages do for people: headers that a program would make are filled in, sessions renew themselves.
(() => {
  'use strict';
  const { document: documentUrl, kind, session: sessionUrl } = document.body.dataset;
  const staff = kind === 'staff';
  const REFRESH_TOKEN = 'emporium.refreshToken';
  const FILLED_IN = ['idempotency-key', 'if-match'];
  const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
  const etags = new Map();
  const deleting = new Set();
  const leaving = new Set();
  const writing = new Set();
  /** Of each cart that was created here, and of the order that it became. */
  const CART_TOKENS = 'emporium.cartTokens';
  const cartTokens = JSON.parse(sessionStorage.getItem(CART_TOKENS) ?? '{}');
  let ui;

  const note = (text) => {
    document.getElementById('note').textContent = text;
  };
  const pathOf = (url) => new URL(url, location.href).pathname;

  const ID = /^([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

  /** An example that stands for something which this shop may not have. */
  const isPlaceholder = (id) => /_(0{26}|01j4000000e008\w+)$/.test(id);

  /**
   * In this page an empty header is filled in, so the form must let it be empty; `ord_last` stands for the order that was
   * seen last; and a list begins without filters. The document itself is unchanged.
   */
  function relax(spec) {
    for (const [path, item] of Object.entries(spec.paths)) {
      for (const method of METHODS) {
        const operation = item[method];
        const body = operation?.requestBody?.content?.['application/json']?.example;
        for (const example of [body, ...(operation?.parameters ?? []).map((p) => p.example)]) noteKnown(example);
        for (const parameter of operation?.parameters ?? []) {
          if (parameter.in === 'path') {
            noteList(spec, path, parameter);
            standIn(parameter, method === 'delete' && !isMembership(path, item));
          }
          if (parameter.in === 'query' && !parameter.required) withoutExample(parameter);
          if (parameter.in !== 'header' || !FILLED_IN.includes(parameter.name.toLowerCase())) continue;
          if (staff || parameter.name !== 'If-Match') parameter.required = false;
          delete parameter.example;
          delete parameter.schema?.example;
          if (!staff && parameter.name === 'If-Match') continue;
          parameter.description = `${parameter.description ?? ''} (left empty, this page fills it in)`.trim();
        }
        const media = operation?.requestBody?.content?.['application/json'];
        if (media?.example) media.example = standInEverywhere(media.example);
      }
    }
    return spec;
  }

  /** Ids that examples name: the demo goes on needing these things, so this page does not delete them by itself. */
  const known = new Set();
  function noteKnown(example) {
    for (const [id] of JSON.stringify(example ?? null).matchAll(/[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}/g)) known.add(id);
  }

  const prefixOf = (parameter) => /^\^([a-z]+)_\[0-7\]/.exec(parameter.schema?.pattern ?? '')?.[1];

  /** Where things are listed, by the prefix of their ids. */
  const lists = new Map();
  function noteList(spec, path, parameter) {
    const prefix = prefixOf(parameter);
    const list = path.slice(0, path.lastIndexOf('/'));
    if (prefix && path === `${list}/{${parameter.name}}` && !list.includes('{') && spec.paths[list]?.get)
      lists.set(prefix, list);
  }

  /** What a PUT puts somewhere, as a variant on a wishlist, a DELETE takes from there: the thing itself stays. */
  const isMembership = (path, item) => item?.put !== undefined && path.endsWith('Id}');

  /** What is deleted is the last one, so that the examples of everything else stay. */
  function standIn(parameter, isDeleted) {
    const prefix = prefixOf(parameter);
    if (!prefix) return;
    delete parameter.schema.pattern;
    const example = parameter.example ?? parameter.schema.example;
    if (example !== undefined && !isPlaceholder(example) && !isDeleted) return;
    delete parameter.schema.example;
    parameter.example = `${prefix}_last`;
    parameter.description = `${parameter.description ?? ''} \`${prefix}_last\`: the one that this page saw last`.trim();
  }

  function withoutExample(parameter) {
    const example = parameter.example ?? parameter.schema?.example;
    if (example === undefined) return;
    delete parameter.example;
    delete parameter.schema?.example;
    parameter.description = `${parameter.description ?? ''} For example \`${example}\`.`.trim();
  }

  function standInEverywhere(node) {
    if (Array.isArray(node)) return node.map(standInEverywhere);
    if (typeof node === 'string') return ID.test(node) && isPlaceholder(node) ? `${node.split('_')[0]}_last` : node;
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, standInEverywhere(value)]));
  }

  // --- ids that were seen ------------------------------------------------------------------------------------------

  const SEEN = `emporium.seenIds.${kind}`;
  /** By prefix, the latest last. */
  const seen = JSON.parse(sessionStorage.getItem(SEEN) ?? '{}');
  const MADE = `emporium.madePaths.${kind}`;
  /** Addresses of what was made in this page, the latest last. */
  const made = JSON.parse(sessionStorage.getItem(MADE) ?? '[]');

  function keepMade(path, isThere) {
    if (made.includes(path)) made.splice(made.indexOf(path), 1);
    if (isThere) made.push(path);
    sessionStorage.setItem(MADE, JSON.stringify(made.slice(-100)));
  }

  function forget(prefix, id) {
    seen[prefix] = (seen[prefix] ?? []).filter((known) => known !== id);
    sessionStorage.setItem(SEEN, JSON.stringify(seen));
  }

  /** Notes every id of an answer; the first row of a list and the thing itself count as the latest. */
  function remember(node) {
    if (Array.isArray(node)) {
      node.toReversed().forEach(remember);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const entries = Object.entries(node);
    for (const [, value] of entries) remember(value);
    for (const [key, value] of entries.toReversed()) {
      const prefix = /^id$|Id$/.test(key) && typeof value === 'string' ? ID.exec(value)?.[1] : undefined;
      if (!prefix) continue;
      forget(prefix, value);
      seen[prefix] = [...seen[prefix], value].slice(-50);
    }
    sessionStorage.setItem(SEEN, JSON.stringify(seen));
  }

  const credentialsOf = (headers) =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => /^(authorization|x-cart-token)$/i.test(key)));

  async function read(path, headers) {
    const response = await fetch(path, { headers: credentialsOf(headers) });
    const body = response.ok ? await response.json().catch(() => null) : null;
    remember(body);
    return body;
  }

  /** Nobody's id: the server answers that there is no such thing, not that this is no id. */
  function nothing(prefix) {
    note(`There is no ${prefix}_… for this yet.`);
    return `${prefix}_${'0'.repeat(26)}`;
  }

  /**
   * Puts ids in the place of `…_last`: one of the thing that the path names before it, else the one that was seen last,
   * else the first of the list. What is to be deleted is rather something that was made in this page.
   */
  async function withSeenIds(url, method, headers) {
    let address = new URL(url, location.href);
    if (method === 'DELETE' && address.pathname.includes('_last')) {
      const shape = new RegExp(`^${address.pathname.replace(/\b[a-z]+_last\b/g, '[^/]+')}$`);
      const mine = made.findLast((path) => shape.test(path));
      if (mine) return new URL(mine, address).href;
    }
    const isFit = (id) => method !== 'DELETE' || !known.has(id);
    for (;;) {
      const [whole, prefix] = /\b([a-z]+)_last\b/.exec(address.pathname) ?? [];
      if (!whole) return address.href;
      const collection = address.pathname.slice(0, address.pathname.indexOf(`/${whole}`));
      const parent = collection.slice(0, collection.lastIndexOf('/'));
      let id;
      if (ID.test(parent.split('/').at(-1))) {
        const inParent = new RegExp(`\\b${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}\\b`, 'g');
        id = JSON.stringify(await read(parent, headers))
          .match(inParent)
          ?.find(isFit);
      } else {
        if (!seen[prefix]?.some(isFit)) await read(`${collection}?limit=20`, headers);
        id = seen[prefix]?.findLast(isFit);
      }
      address = new URL(address.href.replace(whole, id ?? nothing(prefix)));
    }
  }

  /** The same in a body: the one that was seen last, else the first of the list. */
  async function withSeenIdsInText(text, headers) {
    for (const [, prefix] of text.matchAll(/"([a-z]+)_last"/g))
      if (!seen[prefix]?.length && lists.has(prefix)) await read(`${lists.get(prefix)}?limit=20`, headers);
    return text.replace(/"([a-z]+)_last"/g, (_whole, prefix) => `"${seen[prefix]?.at(-1) ?? nothing(prefix)}"`);
  }

  /** The operation behind a call: its path as the document has it, and what it takes. */
  function operationOf(spec, method, path) {
    for (const [template, item] of Object.entries(spec.paths)) {
      const pattern = new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`);
      const operation = item[method.toLowerCase()];
      if (!operation || !pattern.test(path)) continue;
      const headers = (operation.parameters ?? []).filter((p) => p.in === 'header').map((p) => p.name.toLowerCase());
      return { takes: new Set(headers), isMembership: isMembership(template, item) };
    }
    return { takes: new Set(), isMembership: false };
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

  /** Of the last sign-in that asked for a code. */
  let challenge = null;

  /** The second step of a sign-in: asks whoever sits here for the code, and once more when it was wrong. */
  async function askForCode() {
    let question = 'The code of your authenticator app, or a recovery code:';
    for (;;) {
      const code = window.prompt(question)?.trim();
      if (!code) {
        note('Not signed in yet: execute loginTwoFactor with the code of your authenticator app.');
        return;
      }
      const response = await fetch('/v1/auth/two-factor', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ challenge, code }),
      });
      const answer = await response.json();
      if (response.ok) {
        keepSession(answer);
        note(`Signed in as ${answer.user.email}.`);
        return;
      }
      if (response.status !== 422) {
        note(answer.title);
        return;
      }
      question = `${answer.title}. Once more:`;
    }
  }

  let renewing = null;
  /** A fresh access token, or null when the session is over. Calls at the same time share one renewal. */
  function renew() {
    renewing ??= (async () => {
      const refreshToken = sessionStorage.getItem(REFRESH_TOKEN);
      if (!refreshToken && !sessionUrl) return null;
      const response = refreshToken
        ? await fetch('/v1/auth/refresh', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ refreshToken }),
          })
        : await fetch(sessionUrl, { method: 'POST' });
      if (!response.ok) {
        if (response.status === 401 || response.status === 400) {
          sessionStorage.removeItem(REFRESH_TOKEN);
          note('The session has ended: sign in again.');
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
    void response.body?.cancel();
    const headers = { ...request.headers };
    setHeader(headers, 'Authorization', `Bearer ${token}`);
    return fetch(url, { ...request, headers });
  }

  // --- what is filled in -------------------------------------------------------------------------------------------

  /**
   * The last ETag seen for the address; when none was seen yet, the page reads it. What cannot be read alone, as a translation
   * that is not there yet, goes by the ETag of the list that it is in.
   */
  async function etagFor(path, headers) {
    if (etags.has(path)) return etags.get(path);
    for (const address of [path, path.slice(0, path.lastIndexOf('/'))]) {
      const response = await fetch(address, { headers: credentialsOf(headers) });
      const etag = response.ok ? response.headers.get('etag') : null;
      if (etag) return etag;
    }
    return null;
  }

  /** A change of a product is one of its variants' and images' versions too: what was seen of them may be old. */
  function forgetEtagsNear(path) {
    const root = path.split('/').slice(0, 5).join('/');
    for (const address of etags.keys()) if (address.startsWith(root)) etags.delete(address);
  }

  function keepCartToken(id, token) {
    cartTokens[id] = token;
    sessionStorage.setItem(CART_TOKENS, JSON.stringify(cartTokens));
  }

  async function beforeCall(spec, request) {
    if (!pathOf(request.url).startsWith('/v1/')) return request;
    const headers = (request.headers ??= {});
    const key = ui?.authSelectors.authorized().getIn(['publishableKey', 'value']);
    if (key && isEmpty(headers, 'x-publishable-key')) setHeader(headers, 'X-Publishable-Key', key);
    const token = bearerOf(headers);
    if (token) {
      if (secondsLeft(token) < 15) {
        const fresh = await renew();
        if (fresh) setHeader(headers, 'Authorization', `Bearer ${fresh}`);
      }
      request.userFetch = fetchWithRenewal;
    }
    request.url = await withSeenIds(request.url, request.method, headers);
    if (typeof request.body === 'string') request.body = await withSeenIdsInText(request.body, headers);
    const path = pathOf(request.url);
    const operation = operationOf(spec, request.method ?? 'GET', path);
    const { takes } = operation;
    if (takes.has('idempotency-key') && isEmpty(headers, 'idempotency-key')) {
      setHeader(headers, 'Idempotency-Key', crypto.randomUUID?.() ?? randomUuid());
    }
    if (staff && takes.has('if-match') && isEmpty(headers, 'if-match')) {
      const etag = await etagFor(path, headers);
      if (etag) setHeader(headers, 'If-Match', etag);
    }
    if (request.method === 'DELETE') (operation.isMembership ? leaving : deleting).add(path);
    if (request.method !== 'GET') writing.add(path);
    const owner = /^\/v1\/(?:carts|orders)\/([^/]+)/.exec(path)?.[1];
    if (owner in cartTokens) setHeader(headers, 'X-Cart-Token', cartTokens[owner]);
    if (path === '/v1/auth/refresh' || path === '/v1/auth/logout')
      fillIn(request, 'refreshToken', sessionStorage.getItem(REFRESH_TOKEN));
    if (path === '/v1/auth/two-factor') fillIn(request, 'challenge', challenge);
    return request;
  }

  /** The example in the form is nobody's: what this page was given is meant. */
  function fillIn(request, field, kept) {
    if (!kept) return;
    try {
      const body = JSON.parse(request.body ?? '{}');
      if (!/^[\w-]{43}$/.test(body[field] ?? '')) body[field] = kept;
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

  async function afterCall(response) {
    const path = pathOf(response.url);
    const etag = response.headers?.etag;
    const madeAt = response.headers?.location ? pathOf(response.headers.location) : null;
    if (response.ok && writing.delete(path)) forgetEtagsNear(path);
    if (response.ok && etag) {
      etags.set(response.status === 201 && madeAt ? madeAt : path, etag);
    } else if (response.status === 412 || response.status === 404) {
      etags.delete(path);
    }
    const body = response.ok ? (response.body ?? response.obj) : null;
    remember(body);
    if (response.status === 201 && body?.id && !path.includes(body.id)) keepMade(madeAt ?? `${path}/${body.id}`, true);
    const lastId = ID.exec(path.split('/').at(-1));
    const isDeleted = deleting.delete(path) && response.ok;
    if (isDeleted || response.status === 404) keepMade(path, false);
    if (lastId && !leaving.delete(path) && (isDeleted || response.status === 404)) forget(lastId[1], lastId[0]);
    if (body?.twoFactorRequired) {
      challenge = body.challenge;
      await askForCode();
    }
    if (/^\/v1\/auth\/(login|two-factor|refresh)$/.test(path) && body?.accessToken) {
      keepSession(body);
      note(`Signed in${body.user?.email ? ` as ${body.user.email}` : ''}.`);
    }
    if (path === '/v1/auth/logout' && response.ok) {
      sessionStorage.removeItem(REFRESH_TOKEN);
      ui.authActions.logoutWithPersistOption(['bearer']);
      note('Signed out.');
    }
    if (path === '/v1/carts' && response.status === 201 && body?.token) {
      keepCartToken(body.id, body.token);
      authorize('cartToken', body.token);
      note('The token of this cart is sent with the next calls.');
    }
    const checkedOut = /^\/v1\/carts\/([^/]+)\/checkout$/.exec(path)?.[1];
    if (checkedOut && body?.order?.id && checkedOut in cartTokens) keepCartToken(body.order.id, cartTokens[checkedOut]);
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
      // Of more than 150 operations Swagger UI keeps only those in sight on the page, where no search finds the others.
      docExpansion: staff ? 'none' : 'list',
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
    if (staff) ui.layoutActions.show(['operations-tag', 'Authentication'], true);
    // Who signed in to see this page need not sign in once more to use it.
    if (sessionUrl && (await renew())) note('Signed in.');
  }

  start().catch((error) => note(`The document could not be loaded: ${error.message}`));
})();
