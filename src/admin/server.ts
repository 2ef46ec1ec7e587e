// The admin listener: what operators and their tools ask (DESIGN section 2), apart from the clients' listener and its limits.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ListenAddress } from '../config/config.ts';
import { listenError } from '../config/address.ts';
import { RunError } from '../errors.ts';
import { fieldLines, fieldsFromRaw, withField } from '../http/fields.ts';
import { parseTarget } from '../http/target.ts';
import { type Answer, loggedRefusal } from '../purge/problem.ts';
import { MAX_BODY_BYTES } from '../purge/purge-body.ts';
import { problem } from './answer.ts';
import { readBody } from './body.ts';
import { fromBrowser, misdirected, unauthorised } from './guard.ts';
import { type AdminParts, findPage, rightOf } from './pages.ts';

const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 256;
const MAX_FIELDS = 100;

export class AdminServer {
  readonly #parts: AdminParts;
  readonly #server: Server;
  #listenHost = '';

  constructor(parts: AdminParts) {
    this.#parts = parts;
    this.#server = createServer(
      { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1_000 },
      (incoming, response) => void this.#serve(incoming, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.maxHeadersCount = MAX_FIELDS;
    this.#server.timeout = REQUEST_TIMEOUT_MS;
    this.#server.on('clientError', (_error, socket) => refuseUnread(socket));
  }

  /** Resolves when connections are accepted; rejects with a RunError. */
  open({ host, port }: ListenAddress): Promise<void> {
    this.#listenHost = host;
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(listenError('admin.listen', { host, port }, error));
      this.#server.once('error', fail).listen({ host, port }, () => {
        this.#server.off('error', fail).on('error', (error) => this.#parts.error('the admin listener failed', { error }));
        resolve();
      });
    });
  }

  /** Where it listens. Valid after `open`. */
  get address(): ListenAddress {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new RunError('the admin listener is not open');
    return { host: address.address, port: address.port };
  }

  /** Stops accepting, lets what is in flight end, and cuts what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), timeoutMs);
    await closed;
    clearTimeout(timer);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      send(await this.#answer(incoming, response), incoming, response);
    } catch (error) {
      if (response.destroyed) return;
      this.#parts.error('an admin request failed', { error, method: incoming.method ?? '' });
      send(problem('internal', 'The request could not be answered; the log says why.'), incoming, response);
    }
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { method = '', url = '', httpVersion } = incoming;
    const fields = fieldsFromRaw(incoming.rawHeaders);
    const version = httpVersion === '1.0' ? '1.0' : '1.1';
    const parsed = parseTarget({ requestTarget: url, hosts: fieldLines(fields, 'host'), method, scheme: 'http', version });
    if (parsed.kind === 'refuse') return problem('bad-request', `The request has ${parsed.message}.`);
    const { target } = parsed;
    const page = findPage(method, target.path);
    const unpermitted = (): Answer | undefined =>
      unauthorised(page === undefined ? 'admin' : rightOf(page, this.#parts), fields, this.#parts.tokens());
    const refusal = fromBrowser(method, fields) ?? misdirected(method, target, this.#listenHost) ?? unpermitted();
    const attempt = { method, path: target.path, actor: peerOf(incoming) };
    if (refusal !== undefined) return this.#audited(refusal, attempt);
    if (page === undefined) return problem('not-found', `${target.path} is no page of the admin listener.`);
    if (!page.methods.includes(method)) {
      const allow = page.methods.join(', ');
      return problem('method-not-allowed', `${method} is not allowed here; ${allow} is.`, ['allow', allow]);
    }
    // PURGE takes none, and says so once it is read: a connection that is closed on unread bytes may lose the answer.
    const body = method === 'POST' || method === 'PURGE' ? await readBody(incoming, page.maxBodyBytes ?? MAX_BODY_BYTES) : { text: '' };
    if ('refusal' in body) return this.#audited(body.refusal, attempt);
    // A reload while the body came may ask for more than its head had to have.
    const late = unpermitted();
    if (late !== undefined) return this.#audited(late, attempt);
    return page.answer({ target, fields, body: body.text, actor: attempt.actor, isGone: () => response.destroyed }, this.#parts);
  }

  /** SECURITY §6 "Log": every attempt leaves a line. */
  #audited(refusal: Answer, attempt: { readonly method: string; readonly path: string; readonly actor: string }): Answer {
    this.#parts.warn('an admin request was refused', { ...attempt, ...loggedRefusal(refusal) });
    return refusal;
  }
}

/** A connection whose request was not read to its end is closed. */
function send({ status, fields, body }: Answer, incoming: IncomingMessage, response: ServerResponse): void {
  const bytes = Buffer.from(body, 'utf8');
  const head = [
    ...withField(withField(fields, 'cache-control', 'no-store'), 'x-content-type-options', 'nosniff'),
    'content-length',
    String(bytes.length),
  ];
  response.strictContentLength = true;
  response.writeHead(status, incoming.complete ? head : [...head, 'connection', 'close']);
  response.end(incoming.method === 'HEAD' ? undefined : bytes);
}

function refuseUnread(socket: Duplex): void {
  if (!socket.writable) socket.destroy();
  else socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n');
}

function peerOf(incoming: IncomingMessage): string {
  return incoming.socket.remoteAddress ?? '';
}
