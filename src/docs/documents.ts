import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { OAUTH_TOKEN } from '../modules/auth/index.js';
import { fillExamples } from './examples.js';
import { SharedProblems } from './problems.js';
import { usedComponents } from './schemas.js';
import { SCOPES } from './scopes.js';
import { type DocumentedTag, STAFF_TAGS, STOREFRONT_TAGS } from './tags.js';

type Paths = OpenAPIObject['paths'];
type Operation = NonNullable<Paths[string]['get']>;
type Components = Required<Pick<NonNullable<OpenAPIObject['components']>, 'schemas' | 'responses'>>;

/** The two OpenAPI 3.1 documents: what storefronts may call, and what staff may call. */
export interface ApiDocuments {
  storefront: OpenAPIObject;
  staff: OpenAPIObject;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
const STAFF_PREFIX = '/v1/admin/';
/** Staff sign in by the same door as customers. */
const SHARED = new Set(['/v1/auth/login', '/v1/auth/two-factor', '/v1/auth/refresh', '/v1/auth/logout', OAUTH_TOKEN]);

const SESSION = {
  type: 'http',
  bearerFormat: 'JWT',
  description: 'the `accessToken` of `POST /v1/auth/login`',
} as const;

const STOREFRONT_INTRO = `What a storefront calls. Money is \`{ amount, currency }\` in minor units, times are RFC 3339 in UTC, ids carry
their kind as a prefix. Errors are \`application/problem+json\` with a stable \`code\`; every code is explained at [/errors](/errors).
A guest needs no account: the \`token\` of \`POST /v1/carts\` is sent as \`X-Cart-Token\`. On this page the token of the last cart
that you created, and a fresh \`Idempotency-Key\`, are filled in when you leave them empty. A storefront may say which one it is
with \`X-Publishable-Key\` on every request: what it does not say of currency and country comes from the key then.`;

const STAFF_INTRO = `What the people of the shop call. Execute **login** below and this page is authorized (it asks for the
code of your authenticator app where your account has one); the session renews itself. An
empty \`Idempotency-Key\` is filled with a fresh UUID and an empty \`If-Match\` with the last \`ETag\` that this page saw for that
address. Storefront operations are at [/docs](/docs), error codes at [/errors](/errors).`;

/** Reads every controller of the application and writes both documents. Takes a few hundred milliseconds: keep the result. */
export function createDocuments(app: INestApplication): ApiDocuments {
  const scanned = SwaggerModule.createDocument(app, new DocumentBuilder().setOpenAPIVersion('3.1.0').build(), {
    operationIdFactory: (_controller, method) => method,
  });
  const paths = scanned.paths;
  const schemas = scanned.components?.schemas ?? {};
  const problems = new SharedProblems();
  for (const operation of operationsOf(paths)) {
    cartTokenAsCredential(operation);
    problems.share(operation);
    fillExamples(operation, schemas);
    // The tag of a method is closer than the one of its controller.
    operation.tags = operation.tags?.slice(-1);
  }
  const components = { schemas, responses: problems.responses };
  const pick = (keep: (path: string) => boolean): Paths =>
    Object.fromEntries(Object.entries(paths).filter(([path]) => keep(path)));

  const storefront = new DocumentBuilder()
    .setTitle('Emporium storefront API')
    .setDescription(STOREFRONT_INTRO)
    .addBearerAuth(SESSION, 'bearer')
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-Cart-Token', description: 'the `token` of your cart' },
      'cartToken',
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-Publishable-Key',
        description: 'which storefront asks (`emp_pk_…`); optional unless the shop asks for it',
      },
      'publishableKey',
    )
    .addSecurityRequirements({})
    .addSecurityRequirements('publishableKey');
  const staff = new DocumentBuilder()
    .setTitle('Emporium admin API')
    .setDescription(STAFF_INTRO)
    // The dialog of the page shows them in this order: people come first.
    .addBearerAuth(SESSION, 'bearer')
    .addSecurity('apiKey', { type: 'http', scheme: 'bearer', description: 'an API key of a program: `emp_sk_…`' })
    .addOAuth2(
      {
        type: 'oauth2',
        description: 'a short token for a program: its client_id is the `id` of an API key, its secret the key itself',
        flows: {
          clientCredentials: {
            tokenUrl: OAUTH_TOKEN,
            scopes: SCOPES,
          },
        },
      },
      'oauth',
    );
  return {
    storefront: assemble(
      storefront,
      pick((path) => !path.startsWith(STAFF_PREFIX)),
      components,
      STOREFRONT_TAGS,
    ),
    staff: assemble(
      staff,
      pick((path) => path.startsWith(STAFF_PREFIX) || SHARED.has(path)),
      components,
      STAFF_TAGS,
    ),
  };
}

function assemble(
  builder: DocumentBuilder,
  paths: Paths,
  components: Components,
  tags: readonly DocumentedTag[],
): OpenAPIObject {
  const base = builder.setVersion('1').setOpenAPIVersion('3.1.0').build();
  const used = new Set(operationsOf(paths).flatMap((operation) => operation.tags ?? []));
  const known = tags.filter((tag) => used.delete(tag.name));
  const others = [...used].sort().map((name) => ({ name, description: '' }));
  return {
    ...base,
    tags: [...known, ...others],
    paths,
    components: { ...base.components, ...usedComponents(paths, components) },
  };
}

/** The guest's token is a credential: entered once for the whole page, not into a field of every operation. */
function cartTokenAsCredential(operation: Operation): void {
  const others = operation.parameters?.filter((p) => !('name' in p && p.in === 'header' && p.name === 'X-Cart-Token'));
  if (!others || others.length === operation.parameters?.length) return;
  operation.parameters = others;
  operation.security = [{ cartToken: [] }, ...(operation.security ?? [])];
}

/** Every operation of a document's paths. */
export function operationsOf(paths: Paths): Operation[] {
  return Object.values(paths).flatMap((item) => METHODS.flatMap((method) => item[method] ?? []));
}
