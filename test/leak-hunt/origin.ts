// The origin of a hunt: stamps every answer with what it was shown, takes its time, changes its mind, and fails.
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseContentRange, parseRange } from '../../src/http/range.ts';
import { random, type Random } from '../history/random.ts';
import { claimsScope, type Page, PAGES, sessionOf, shown, tierScope } from './areas.ts';
import type { Keys } from './keys.ts';
import type { Roles } from './roles.ts';
import { bodyOf, entityTag, parseEntityTag, type Stamp } from './stamp.ts';

const SLOWEST_MS = 6;
const LARGE_BYTES = 80_000;
const RELAYED_BYTES = 420_000;
const AXES = ['accept-language', 'x-flavour'] as const;

interface Asked {
  readonly request: IncomingMessage;
  readonly page: Page;
  readonly stamp: Stamp;
  readonly vary: readonly string[];
}

export class HuntOrigin implements AsyncDisposable {
  requests = 0;
  readonly #server: Server;
  readonly #pages = new Map(PAGES.map((page) => [page.path, page]));
  readonly #versions = new Map<string, number>();
  readonly #random: Random;
  readonly #roles: Roles;
  readonly #keys: Keys;
  readonly #questions = new Set<Promise<void>>();
  #nonce = 0;

  static async start(seed: number, knows: { readonly roles: Roles; readonly keys: Keys }): Promise<HuntOrigin> {
    const origin = new HuntOrigin(seed, knows);
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  private constructor(seed: number, { roles, keys }: { readonly roles: Roles; readonly keys: Keys }) {
    this.#random = random(seed);
    this.#roles = roles;
    this.#keys = keys;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** When what is being asked of credentials is answered. */
  async saidScopes(): Promise<void> {
    await Promise.all(this.#questions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    response.on('error', () => undefined);
    // The machine's, which the hunt's clock is ahead of: everything would look old.
    response.sendDate = false;
    if (request.url === '/_scope') return this.#question(this.#sayScope(request, response));
    if (request.url === '/keys') {
      response.end(this.#keys.published);
      return;
    }
    const page = this.#pages.get(request.url?.split('?')[0] ?? '');
    if (page === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (request.method === 'PUT' || request.method === 'POST') return this.#write(request, response, page);
    const asked = this.#asked(request, page);
    if (this.#random.chance(0.6)) await delay(this.#random.next() * SLOWEST_MS);
    if (this.#fails(asked, response)) return;
    this.#answer(asked, response);
  }

  async #question(said: Promise<void>): Promise<void> {
    this.#questions.add(said);
    await said;
    this.#questions.delete(said);
  }

  /** Whose credential it is, as an application says it: for a minute, tagged with the user. Now and then it fails, or forgets to say for how long. */
  async #sayScope(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = sessionOf(cookiesOf(request));
    const tier = session === undefined ? undefined : this.#roles.tierOf(session);
    const control = this.#random.chance(0.9) ? ['cache-control', 'private, max-age=60'] : [];
    const status = this.#random.chance(0.02) ? 503 : 204;
    await delay(this.#random.next() * SLOWEST_MS);
    if (session !== undefined && tier === undefined) response.writeHead(401).end();
    else response.writeHead(status, ['auth-scope', tierScope(tier), 'surrogate-key', `user:${session ?? '-'}`, ...control]).end();
  }

  /** Read before the origin takes its time, as from a database. */
  #scopeOf(request: IncomingMessage, { area }: Page): string {
    if (area.shared === true) return 'public';
    if (area.claimed === true) return claimsScope({ proto: single(request, 'x-forwarded-proto'), host: single(request, 'x-forwarded-host') });
    if (area.rotating === true) return this.#keys.scopeOf(single(request, 'authorization'));
    return area.tiered !== undefined ? tierScope(this.#roles.tierOf(sessionOf(cookiesOf(request)) ?? '')) : whoAsks(request);
  }

  /** What was read and written is said, so that neither a body nor an answer can have been another's. */
  async #write(request: IncomingMessage, response: ServerResponse, page: Page): Promise<void> {
    const body = await text(request);
    this.#versions.set(page.path, (this.#versions.get(page.path) ?? 0) + 1);
    if (request.method === 'POST' && page.area.posts === true) {
      this.#answerPost(request, response, page);
      return;
    }
    const told = page.area.tiered === 'told' ? ['auth-scope', this.#scopeOf(request, page)] : [];
    const said = ['written', request.url, whoAsks(request), single(request, 'x-request'), hash('sha256', body)].join('|');
    response.writeHead(200, ['content-type', 'text/plain', 'set-cookie', `answer=${single(request, 'x-request')}`, ...told]).end(said);
  }

  /** The page as it is now, or another one. */
  #answerPost(request: IncomingMessage, response: ServerResponse, page: Page): void {
    const asked = this.#asked(request, page);
    const key = this.#random.chance(0.5) ? asked.stamp.key : `${page.path}/more`;
    const answered = { ...asked, stamp: { ...asked.stamp, key } };
    this.#send(answered, response, [...this.#fieldsOf(page, answered.stamp), ...varyOf(asked.vary), 'content-location', key]);
  }

  #asked(request: IncomingMessage, page: Page): Asked {
    const vary = this.#axesOf(page);
    const version = this.#versions.get(page.path) ?? 0;
    const stamp: Stamp = {
      key: request.url ?? '',
      scope: this.#scopeOf(request, page),
      variant: vary.map((name) => `${name}=${single(request, name)}`),
      version,
      // What is to be put together of parts keeps its validator.
      nonce: page.kind === 'part' ? version : ++this.#nonce,
      bytes: sizeOf(page, this.#random),
    };
    return { request, page, vary: alsoVarying(page, vary), stamp: confirmed(request, stamp) ?? stamp };
  }

  #axesOf({ kind }: Page): readonly string[] {
    if (kind === 'varied' || kind === 'short-varied') return ['accept-language'];
    return kind === 'shifting' ? AXES.filter(() => this.#random.chance(0.5)) : [];
  }

  /** True where the answer was an error, or nothing, or is cut by now. */
  #fails({ page, stamp, vary }: Asked, response: ServerResponse): boolean {
    if (!this.#random.chance(page.kind === 'faulty' ? 0.3 : 0.02)) return false;
    const body = bodyOf(stamp);
    const framing = this.#random.chance(0.5) ? ['transfer-encoding', 'chunked'] : ['content-length', String(body.length)];
    const kind = this.#random.pick(['reset', 'error', 'error-kept', 'cut', 'cut'] as const);
    if (kind === 'reset') response.socket?.resetAndDestroy();
    else if (kind === 'cut') {
      response.writeHead(200, [...this.#fieldsOf(page, stamp), ...varyOf(vary), ...framing]);
      response.write(body.subarray(0, 1 + this.#random.below(body.length - 1)));
      setImmediate(() => response.socket?.destroySoon());
    } else {
      const control = kind === 'error-kept' ? ['cache-control', [...allowance(page, stamp), 'max-age=1'].join(', ')] : [];
      const told = page.area.tiered === 'told' ? ['auth-scope', stamp.scope] : [];
      response.writeHead(503, ['etag', entityTag(stamp), ...varyOf(vary), ...control, ...told, ...framing]).end(body);
    }
    return true;
  }

  #answer(asked: Asked, response: ServerResponse): void {
    const { request, page, stamp, vary } = asked;
    const fields = [...this.#fieldsOf(page, stamp), ...varyOf(vary)];
    const cookie = page.area.setsCookie === 'of-scope' ? `scope=${stamp.scope}` : `answer=${single(request, 'x-request')}`;
    if (page.kind === 'cookie' && this.#random.chance(0.5)) fields.push('set-cookie', cookie);
    if (page.kind === 'fickle') fields.push('authentication-info', `answer=${single(request, 'x-request')}`);
    if (confirmed(request, stamp) !== undefined) {
      response.writeHead(304, fields).end();
      return;
    }
    this.#send(asked, response, fields);
  }

  #send({ request, page, stamp }: Asked, response: ServerResponse, fields: string[]): void {
    const part = partOf(request, stamp);
    const body = part === undefined ? bodyOf(stamp) : bodyOf(stamp).subarray(part.first, part.last + 1);
    if (part !== undefined) fields.push('content-range', part.text);
    fields.push(...(this.#random.chance(0.4) ? ['transfer-encoding', 'chunked'] : ['content-length', String(body.length)]));
    response.writeHead(part === undefined ? 200 : 206, fields);
    if (request.method === 'HEAD') response.end();
    else if (page.kind !== 'relay' && this.#random.chance(0.7)) response.end(body);
    else void this.#trickle(response, body);
  }

  /** In pieces, so that others can join in the middle and leave in the middle. */
  async #trickle(response: ServerResponse, body: Buffer): Promise<void> {
    const step = Math.max(1, Math.ceil(body.length / (2 + this.#random.below(4))));
    for (let at = 0; at < body.length; at += step) {
      response.write(body.subarray(at, at + step));
      await delay(this.#random.next() * 2);
    }
    response.end();
  }

  #fieldsOf(page: Page, stamp: Stamp): string[] {
    const control = allowance(page, stamp);
    if (page.kind === 'fickle' && this.#random.chance(0.4)) control.push(this.#random.pick(['private', 'no-store', 'no-cache']));
    if (!page.kind.startsWith('short')) control.push('max-age=600');
    const fields = ['etag', entityTag(stamp), 'surrogate-key', `page:${page.path} folder:${page.area.folder}`, 'x-user', stamp.scope];
    if (control.length > 0) fields.push('cache-control', control.join(', '));
    if (page.area.tiered !== undefined && page.area.always !== 'varies-on-cookie') fields.push('auth-scope', stamp.scope);
    return fields;
  }
}

/** To whom the page may go, as Cache-Control says it. What the issuer does not stand by is nobody else's. */
function allowance({ area }: Page, stamp: Stamp): string[] {
  if (area.shared === true) return ['public'];
  if (area.rotating === true && stamp.scope.startsWith('false')) return ['no-store'];
  return area.always === 'private' ? ['private'] : [];
}

function alsoVarying({ area }: Page, vary: readonly string[]): readonly string[] {
  return area.always === 'varies-on-cookie' ? [...vary, 'cookie'] : vary;
}

/** Every credential and cookie that came, in the words of `shown`. */
function whoAsks(request: IncomingMessage): string {
  const { authorization } = request.headers;
  return shown({ ...(authorization === undefined ? {} : { authorization }), cookies: cookiesOf(request) });
}

function cookiesOf({ headers }: IncomingMessage): readonly string[] {
  return headers.cookie === undefined ? [] : headers.cookie.split(/; */);
}

function varyOf(axes: readonly string[]): string[] {
  return axes.flatMap((name) => ['vary', name]);
}

function single(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? '-');
}

function sizeOf({ kind }: Page, decide: Random): number {
  if (kind === 'large') return LARGE_BYTES;
  if (kind === 'relay') return RELAYED_BYTES;
  return kind === 'part' ? 900 : 200 + decide.below(800);
}

/** The stamp that the request's If-None-Match names, where it is still true. */
function confirmed(request: IncomingMessage, now: Stamp): Stamp | undefined {
  const held = parseEntityTag(single(request, 'if-none-match'));
  if (held === undefined || held.key !== now.key || held.scope !== now.scope || held.version !== now.version) return undefined;
  return held.variant.join() === now.variant.join() ? held : undefined;
}

function partOf(request: IncomingMessage, stamp: Stamp): { first: number; last: number; text: string } | undefined {
  const range = parseRange(request.headers.range);
  const condition = request.headers['if-range'];
  if (request.method !== 'GET' || range.kind !== 'range' || (condition !== undefined && condition !== entityTag(stamp))) return undefined;
  const last = Math.min(range.last ?? stamp.bytes - 1, stamp.bytes - 1);
  const written = `bytes ${range.first}-${last}/${stamp.bytes}`;
  return parseContentRange(written) === undefined ? undefined : { first: range.first, last, text: written };
}
