import type Stripe from 'stripe';
import { invalid, missing } from '../api-error.js';
import type { Engine } from '../engine.js';
import {
  boolean,
  list,
  mergeMetadata,
  metadata,
  parseParams,
  required,
  shapeFor,
  string,
  unsettable,
  unsupported,
} from '../fields.js';
import { newId, token } from '../random.js';
import type { PayloadKind, StoredEndpoint } from '../store.js';
import { API_VERSION } from '../version.js';
import { page, paging } from './lists.js';
import { pathPart, type Route } from './route.js';

const createShape = shapeFor<Omit<Stripe.WebhookEndpointCreateParams, 'expand'>>()({
  api_version: string(),
  connect: unsupported(),
  description: unsettable(string()),
  enabled_events: required(list(string())),
  metadata: metadata(),
  url: required(string()),
});
const updateShape = shapeFor<Omit<Stripe.WebhookEndpointUpdateParams, 'expand'>>()({
  description: unsettable(string()),
  disabled: boolean(),
  enabled_events: list(string()),
  metadata: metadata(),
  url: string(),
});

/** An endpoint of an application. */
export interface WebhookTarget {
  /** On this machine: http://127.0.0.1 or http://localhost. */
  url: string;
  /** `whsec_…` */
  secret: string;
  /** The secret before: it signs too, as at Stripe while a secret is being rolled. */
  previousSecret?: string;
  /** All when left out; `charge.*` and such stand for many. */
  enabledEvents?: string[];
  /** The version that snapshots name; that of the SDK when left out. */
  apiVersion?: string;
  /** `snapshot` when left out. */
  payload?: PayloadKind;
}

/** Where events are sent. */
export class WebhookEndpoints {
  constructor(private readonly engine: Engine) {}

  /** One that is configured from outside; the same URL and kind is one endpoint, also after a restart. */
  configure(target: WebhookTarget): StoredEndpoint {
    const { url, secret, enabledEvents = ['*'], apiVersion = API_VERSION, payload = 'snapshot' } = target;
    const { endpoints } = this.engine.store;
    const known = [...endpoints.values()].find(
      (endpoint) => endpoint.shown.url === url && (endpoint.payload ?? 'snapshot') === payload,
    );
    if (known === undefined) return this.add({ ...target, enabledEvents, apiVersion, payload, isConfigured: true });
    known.isConfigured = true;
    known.previousSecret = target.previousSecret;
    known.secret = secret;
    known.shown.api_version = apiVersion;
    known.shown.enabled_events = enabledEvents;
    known.shown.status = 'enabled';
    return endpoints.put(known);
  }

  private add(given: {
    url: string;
    secret: string;
    enabledEvents: string[];
    isConfigured?: boolean;
    previousSecret?: string;
    payload?: PayloadKind;
    apiVersion?: string;
    description?: string | null;
    metadata?: Record<string, string> | null;
  }): StoredEndpoint {
    assertUrl(given.url);
    const id = newId('we');
    return this.engine.store.endpoints.put({
      id,
      secret: given.secret,
      ...(given.previousSecret === undefined ? {} : { previousSecret: given.previousSecret }),
      isConfigured: given.isConfigured ?? false,
      payload: given.payload ?? 'snapshot',
      shown: {
        id,
        object: 'webhook_endpoint',
        api_version: given.apiVersion ?? API_VERSION,
        application: null,
        created: this.engine.now(),
        description: given.description ?? null,
        enabled_events: given.enabledEvents,
        livemode: false,
        metadata: mergeMetadata({}, given.metadata),
        status: 'enabled',
        url: given.url,
      },
    });
  }

  private find(id: string): StoredEndpoint {
    const endpoint = this.engine.store.endpoints.get(id);
    if (endpoint === undefined) throw missing('webhook endpoint', id);
    return endpoint;
  }

  routes(): Route[] {
    const { endpoints } = this.engine.store;
    return [
      {
        method: 'POST',
        pattern: '/v1/webhook_endpoints',
        handle: ({ params }) => {
          const read = parseParams(createShape, params);
          const added = this.add({
            url: read.url,
            secret: `whsec_${token(32)}`,
            enabledEvents: read.enabled_events,
            apiVersion: read.api_version,
            description: read.description,
            metadata: read.metadata,
          });
          // The secret is shown once, here.
          return { ...added.shown, secret: added.secret };
        },
      },
      {
        method: 'GET',
        pattern: '/v1/webhook_endpoints',
        handle: ({ params }) => {
          const read = parseParams(paging, params);
          const items = endpoints.newestFirst().map((endpoint) => endpoint.shown);
          return page('/v1/webhook_endpoints', items, read);
        },
      },
      {
        method: 'GET',
        pattern: '/v1/webhook_endpoints/:id',
        handle: (call) => {
          parseParams({}, call.params);
          return this.find(pathPart(call, 'id')).shown;
        },
      },
      {
        method: 'POST',
        pattern: '/v1/webhook_endpoints/:id',
        handle: (call) => {
          const read = parseParams(updateShape, call.params);
          const endpoint = this.find(pathPart(call, 'id'));
          const { shown } = endpoint;
          if (read.url !== undefined) assertUrl(read.url);
          shown.url = read.url ?? shown.url;
          shown.enabled_events = read.enabled_events ?? shown.enabled_events;
          shown.metadata = mergeMetadata(shown.metadata, read.metadata);
          if (read.description !== undefined) shown.description = read.description;
          if (read.disabled !== undefined) shown.status = read.disabled ? 'disabled' : 'enabled';
          return endpoints.put(endpoint).shown;
        },
      },
      {
        method: 'DELETE',
        pattern: '/v1/webhook_endpoints/:id',
        handle: (call) => {
          parseParams({}, call.params);
          const { id } = this.find(pathPart(call, 'id'));
          endpoints.delete(id);
          return { id, object: 'webhook_endpoint', deleted: true };
        },
      },
    ];
  }
}

/** Deliveries never leave the machine. */
export function isLocal(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

function assertUrl(url: string): void {
  if (isLocal(url)) return;
  throw invalid('Invalid URL: the emulator delivers to http://127.0.0.1 and http://localhost only.', {
    code: 'url_invalid',
    param: 'url',
  });
}
