import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody who has an account at the provider. */
export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean | string;
  given_name?: string;
  family_name?: string;
  name?: string;
}

interface Oidc {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  on(event: string, listener: (...values: unknown[]) => void): void;
  Grant: new (values: object) => { addOIDCScope(scope: string): void; save(): Promise<void> };
}

export const CLIENT = { id: 'emporium', secret: 'a-secret-that-only-the-shop-knows-0123456789' };

/** A real OpenID Connect provider (`oidc-provider`), where everybody who is sent there is `visitor`. */
export class IdentityProvider {
  /** Who sits before the browser; null declines. */
  visitor: Person | null = null;
  /** `hang`: takes calls and never answers them; `broken`: answers 500. */
  mood: 'well' | 'hang' | 'broken' = 'well';
  /** What it gave to the shop, of which nobody else may hear. */
  readonly tokens: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
    readonly people: Map<string, Person>,
  ) {}

  static async start(redirectUris: string[], signOutUris: string[] = []): Promise<IdentityProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { default: Provider } = (await import('oidc-provider' as string)) as {
      default: new (issuer: string, options: object) => Oidc;
    };
    const people = new Map<string, Person>();
    const oidc: Oidc = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: redirectUris,
          post_logout_redirect_uris: signOutUris,
        },
      ],
      pkce: { required: () => true },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
      findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => people.get(id) }),
      loadExistingGrant: async (context: {
        oidc: { client: { clientId: string }; session: { accountId: string } };
      }) => {
        const { client, session } = context.oidc;
        const grant = new oidc.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
    const provider = new IdentityProvider(server, issuer, people);
    oidc.on('grant.success', (context) => {
      const { access_token, id_token } = (context as { body: Record<string, string> }).body;
      provider.tokens.push(access_token!, id_token!);
    });
    const handle = oidc.callback();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (provider.mood === 'hang') return;
      if (provider.mood === 'broken') {
        response.writeHead(500).end('oops');
        return;
      }
      if (!request.url!.startsWith('/interaction/')) {
        handle(request, response);
        return;
      }
      const { visitor } = provider;
      if (visitor) people.set(visitor.sub, visitor);
      void oidc.interactionFinished(
        request,
        response,
        visitor
          ? { login: { accountId: visitor.sub, remember: false } }
          : { error: 'access_denied', error_description: 'no' },
      );
    });
    return provider;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What a browser does: opens an address, keeps cookies, follows redirections until one leads away from the provider. */
  async browse(address: string, person: Person | null): Promise<URL> {
    this.visitor = person;
    const cookies = new Map<string, string>();
    let at = new URL(address);
    for (let hop = 0; hop < 10; hop += 1) {
      if (at.origin !== this.issuer) return at;
      const answer = await fetch(at, {
        redirect: 'manual',
        headers: { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const line of answer.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0]!.split('=', 2);
        cookies.set(name!, value!);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${at.href}: ${answer.status} ${await answer.text()}`);
      at = new URL(location, at);
    }
    throw new Error('the provider sends the browser around in circles');
  }
}
