import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, Forbidden, Unauthenticated } from '#libs/errors';
import { HTTP_STATUS, isAmbiguousEmail } from '#libs/http';
import type { Config } from '../config/index.js';
import { StaffPasses } from '../modules/auth/index.js';
import { SIGN_IN, SIGN_OUT, signInPage } from './sign-in-page.js';

/** Which of the two documents, and so which page. */
export type DocsKind = 'storefront' | 'staff';

/** Forms that the pages send. */
export const DOCS_FORMS: readonly string[] = [SIGN_IN, SIGN_OUT];
/** Where a page gets an access token for its calls. */
export const DOCS_SESSION = '/docs/session';
/** The cookie goes to the pages and the documents, and nowhere else. */
const COOKIE_PATHS = ['/docs', '/openapi.json', '/openapi-admin.json'];
const PAGES: Record<DocsKind, string> = { storefront: '/docs', staff: '/docs/admin' };
const FIELD_MAX = 1_000;
const AMBIGUOUS = 'The address must not have characters that are easily taken for others.';

/**
 * Asks staff to sign in before they see documents that are not for everybody: with a plain form that needs no script.
 * What they get is a pass in a cookie that no script reads and no other site sends.
 */
export class DocsDoor {
  private readonly passes: StaffPasses;
  private readonly cookieName: string;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly config: Pick<Config, 'production' | 'publicDocs' | 'publicUrl'>,
  ) {
    this.passes = app.get(StaffPasses, { strict: false });
    this.cookieName = config.production ? '__Secure-emporium_docs' : 'emporium_docs';
  }

  /** Whether somebody has to sign in for this document. */
  isLocked(kind: DocsKind): boolean {
    return !this.config.publicDocs[kind];
  }

  /** Whether a request may see the document; what is answered to staff is for nobody's cache. */
  async admits(kind: DocsKind, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    if (!this.isLocked(kind)) return true;
    reply.header('Cache-Control', 'private, no-store');
    return (await this.passes.visitor(request, reply, this.passOf(request))) !== null;
  }

  /** Answers a page that somebody has to sign in for. */
  askToSignIn(kind: DocsKind, reply: FastifyReply): FastifyReply {
    return signInPage(reply, { status: 401, kind, next: PAGES[kind] });
  }

  /** Adds the routes behind the forms. */
  serve(): void {
    const server = this.app.getHttpAdapter().getInstance();
    server.post<{ Body: Partial<Record<string, string | string[]>> }>(SIGN_IN, async (request, reply) => {
      this.assertOwnPage(request);
      const field = (name: string) => [request.body?.[name] ?? ''].flat()[0]!;
      const [email, password, code, next] = ['email', 'password', 'code', 'next'].map(field) as [
        string,
        string,
        string,
        string,
      ];
      const kind: DocsKind = next === PAGES.storefront ? 'storefront' : 'staff';
      try {
        if (email === '' || password === '' || email.length > FIELD_MAX || password.length > FIELD_MAX)
          return signInPage(reply, { status: 401, kind, next: PAGES[kind], email, problem: 'Enter both.' });
        if (isAmbiguousEmail(email))
          return signInPage(reply, { status: 400, kind, next: PAGES[kind], email, problem: AMBIGUOUS });
        const caller = { address: request.ip, userAgent: request.headers['user-agent'] };
        const pass = await this.passes.enter({ email, password, code: code.trim().slice(0, FIELD_MAX) }, caller);
        if (pass === null)
          return signInPage(reply, { status: 401, kind, next: PAGES[kind], email, problem: 'Enter the code, too.' });
        this.setCookie(reply, pass, StaffPasses.lifetimeSeconds);
        return await reply.header('Cache-Control', 'no-store').redirect(PAGES[kind], 303);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const { retryAfterSeconds, detail } = error.details;
        if (retryAfterSeconds !== undefined) reply.header('Retry-After', String(retryAfterSeconds));
        const problem = [`${error.definition.title}.`, detail, retryAfterSeconds && `Wait ${retryAfterSeconds} s.`];
        const text = problem.filter(Boolean).join(' ');
        return signInPage(reply, { status: HTTP_STATUS[error.kind], kind, next: PAGES[kind], email, problem: text });
      }
    });
    server.post(SIGN_OUT, async (request, reply) => {
      this.assertOwnPage(request);
      await this.passes.leave(this.passOf(request));
      this.setCookie(reply, '', 0);
      return reply.header('Cache-Control', 'no-store').redirect('/', 303);
    });
    server.post(DOCS_SESSION, async (request, reply) => {
      this.assertOwnPage(request);
      const accessToken = await this.passes.accessToken(this.passOf(request));
      if (accessToken === null) throw Unauthenticated();
      return reply.header('Cache-Control', 'private, no-store').send({ accessToken });
    });
  }

  private setCookie(reply: FastifyReply, value: string, maxAge: number): void {
    const secure = this.config.production ? '; Secure' : '';
    const attributes = `Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
    const cookies = COOKIE_PATHS.map((path) => `${this.cookieName}=${value}; Path=${path}; ${attributes}`);
    void reply.header('Set-Cookie', cookies);
  }

  private passOf(request: FastifyRequest): string | undefined {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=', 2);
      if (name === this.cookieName && value) return value;
    }
    return undefined;
  }

  /** Forms of other sites are refused, so that nobody is signed in as somebody else without noticing. */
  private assertOwnPage(request: FastifyRequest): void {
    const { origin, host } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const own = [new URL(this.config.publicUrl).origin, `http://${host}`, `https://${host}`];
    const isOwn =
      site === undefined ? origin === undefined || own.includes(origin) : site === 'same-origin' || site === 'none';
    if (!isOwn) throw Forbidden({ detail: 'This form works from the page of the shop only.' });
  }
}
