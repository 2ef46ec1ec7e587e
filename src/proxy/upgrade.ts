// A WebSocket handshake and the tunnel after it (RFC 9110 §7.8), through http-proxy-3: forwarded to the route's origin, piped only after its
// 101, never pooled. The library's own gaps are filled here (LIBRARIES §7): fields are cleaned before it copies them, the handshake has a
// deadline, every failure is answered, and tunnels are counted so that a shutdown can end them.
import { STATUS_CODES } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'http-proxy-3';
import type { OriginConfig } from '../config/config.ts';
import { isServed } from '../http/authority.ts';
import { fieldsFromRaw, hasField } from '../http/fields.ts';
import type { Fields } from '../http/fields.ts';
import { fieldsForClient, fieldsForOrigin, hopByHop, loops, withoutOurs } from '../http/forwarding.ts';
import type { Request } from '../http/message.ts';
import { pathAndQuery } from '../http/target.ts';
import { cacheStatusMember } from '../rules/cache-status.ts';
import type { Reason } from '../rules/reasons.ts';
import { matchRoute } from '../rules/routes.ts';
import type { Route } from '../rules/routes.ts';
import type { UpgradeConnection } from './listener.ts';
import type { Parts } from './parts.ts';
import { AUTH_SCOPE } from './scope.ts';

type UpgradeParts = Pick<Parts, 'settings' | 'observer' | 'clock'>;

export class Upgrades {
  readonly #parts: UpgradeParts;
  readonly #tunnels = new Set<Tunnel>();
  #closing = false;
  #emptied: (() => void) | undefined;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
  }

  /** Whether the request's route permits tunnels; else it is a plain request (RFC 9110 §7.8 lets a server ignore Upgrade). */
  may(request: Request): boolean {
    return !this.#closing && routeOf(request, this.#parts).upgrade;
  }

  /** Owns the connection until both sides have closed. */
  serve(request: Request, connection: UpgradeConnection): void {
    const tunnel = new Tunnel(request, connection, this.#parts);
    this.#tunnels.add(tunnel);
    connection.socket.on('close', () => {
      this.#tunnels.delete(tunnel);
      if (this.#tunnels.size === 0) this.#emptied?.();
    });
    tunnel.open();
  }

  /** Waits for the tunnels to end by themselves, then cuts them. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    if (this.#tunnels.size === 0) return;
    const timer = setTimeout(() => {
      for (const tunnel of this.#tunnels) tunnel.cut();
    }, timeoutMs);
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    clearTimeout(timer);
  }
}

class Tunnel {
  readonly #request: Request;
  readonly #connection: UpgradeConnection;
  readonly #parts: UpgradeParts;
  readonly #route: Route;
  readonly #startedAt: number;
  #status = 502;
  #failure: Reason | undefined;

  constructor(request: Request, connection: UpgradeConnection, parts: UpgradeParts) {
    this.#request = request;
    this.#connection = connection;
    this.#parts = parts;
    this.#route = routeOf(request, parts);
    this.#startedAt = parts.clock.now();
  }

  open(): void {
    const { socket } = this.#connection;
    socket.on('error', () => undefined).on('close', () => this.#ended());
    const origin = this.#parts.settings.config.origins.get(this.#route.origin);
    const fields = hopByHop(this.#request.fields);
    const path = pathAndQuery(this.#request.target);
    if (origin === undefined) this.#refuse(500, 'internal');
    else if (!isServed(this.#request.target.authority, this.#parts.settings.config.hosts)) this.#refuse(421, 'host-unknown');
    else if (fields.kind === 'nominates') this.#refuse(400, 'connection-nominates');
    else if (loops(fields.fields)) this.#refuse(508, 'loop');
    else if (hasField(fields.fields, AUTH_SCOPE)) this.#refuse(400, 'auth-scope-presented');
    else if (isRewritten(path)) this.#refuse(400, 'bad-request');
    else this.#forward(origin, path, this.#fieldsFor(origin, fields.fields));
  }

  cut(): void {
    this.#connection.socket.destroy();
  }

  #fieldsFor(origin: OriginConfig, fields: Fields): Fields {
    return fieldsForOrigin(fields, {
      request: this.#request,
      trusted: this.#parts.settings.trusted(this.#request.peerAddress),
      originHost: origin.host === 'origin' ? new URL(origin.url).host : undefined,
      cookiesStripped: this.#route.policy.cookies === 'strip',
    });
  }

  #forward(origin: OriginConfig, path: string, fields: Fields): void {
    const { incoming, socket, head } = this.#connection;
    // The library forwards what stands in the message, so that is what is replaced.
    incoming.url = path;
    incoming.headers = { ...headersOf(fields), connection: 'Upgrade', upgrade: 'websocket' };
    const proxy = createProxyServer({});
    // Beside the callback: the library throws a reset by the client where nobody listens here.
    proxy.on('error', () => undefined);
    proxy.on('proxyReqWs', (outgoing) => this.#watch(outgoing, origin));
    const options = { target: origin.url, connectTimeout: origin.connectTimeoutMs, ...tlsOptions(origin) };
    proxy.ws(incoming, socket, head, options, (error) => this.#failed(error));
  }

  /** Before the library's own listeners: the deadline, a client that leaves, and an answer that is no 101. */
  #watch(outgoing: ClientRequest, origin: OriginConfig): void {
    const { socket } = this.#connection;
    const deadline = setTimeout(() => {
      this.#failure = 'origin-headers-timeout';
      outgoing.destroy(new Error('the origin did not answer the handshake in time'));
    }, origin.connectTimeoutMs + origin.headersTimeoutMs);
    socket.once('close', () => {
      clearTimeout(deadline);
      outgoing.destroy();
    });
    outgoing.once('upgrade', (response) => {
      clearTimeout(deadline);
      this.#status = 101;
      const { settings } = this.#parts;
      const options = { expose: settings.config.tags.expose, tagHeaders: settings.tagHeaders };
      response.headers = headersOf(withoutOurs(fieldsFromRaw(response.rawHeaders), options));
    });
    outgoing.once('response', (response) => {
      clearTimeout(deadline);
      this.#relay(response, socket);
    });
  }

  /** The origin would not upgrade: its answer goes to the client as any other, and is seen to be cut where it is. */
  #relay(response: IncomingMessage, socket: Duplex): void {
    this.#status = response.statusCode ?? 502;
    const { tags } = this.#parts.settings.config;
    const fields = hopByHop(fieldsFromRaw(response.rawHeaders));
    const kept = fieldsForClient(fields.kind === 'ok' ? fields.fields : [], {
      expose: tags.expose,
      tagHeaders: this.#parts.settings.tagHeaders,
      ageSeconds: undefined,
      cacheStatus: cacheStatusMember({ hit: false, fwd: 'bypass', fwdStatus: this.#status }),
      cacheControl: undefined,
      contentLength: undefined,
    });
    response.headers = { ...headersOf(kept), connection: 'close' };
    response
      .on('error', () => undefined)
      .on('close', () => {
        if (!response.complete) socket.destroy();
      });
  }

  #failed(error: Error): void {
    if (this.#status === 101 || this.#connection.socket.destroyed) return;
    const reason = this.#failure ?? failureReason(error);
    this.#refuse(reason === 'origin-headers-timeout' || reason === 'origin-connect-timeout' ? 504 : 502, reason);
  }

  #refuse(status: number, reason: Reason): void {
    const { socket } = this.#connection;
    this.#status = status;
    this.#failure = reason;
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'content-length: 0', 'connection: close'];
    socket.end(`${[...lines, `cache-status: ${cacheStatusMember({ hit: false, detail: reason })}`].join('\r\n')}\r\n\r\n`);
    // Half-open would leave it to the client to close.
    socket.once('finish', () => socket.destroy());
  }

  #ended(): void {
    const { request, failure } = { request: this.#request, failure: this.#failure };
    this.#parts.observer.requestEnded({
      method: request.method,
      authority: request.target.authority,
      path: request.target.path,
      route: this.#route.name,
      outcome: failure === undefined ? 'upgrade' : 'error',
      reason: failure,
      cacheStatus: cacheStatusMember(
        failure === undefined ? { hit: false, fwd: 'bypass', fwdStatus: this.#status } : { hit: false, detail: failure },
      ),
      status: this.#status,
      bodyBytes: 'bytesWritten' in this.#connection.socket ? Number(this.#connection.socket.bytesWritten) : 0,
      durationMs: this.#parts.clock.now() - this.#startedAt,
      collapsed: false,
      aborted: false,
    });
  }
}

function routeOf(request: Request, { settings }: UpgradeParts): Route {
  return matchRoute(settings.config.routes, settings.config.defaultRoute, request).route;
}

/** The library passes the path through URL: what that changes would reach the origin as another path than the one that was routed. */
function isRewritten(path: string): boolean {
  const url = URL.parse(path, 'http://origin.invalid');
  return url === null || url.host !== 'origin.invalid' || url.pathname + url.search !== path;
}

function headersOf(fields: Fields): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string];
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

function tlsOptions({ tls }: OriginConfig): object {
  if (tls === undefined) return {};
  return {
    secure: tls.rejectUnauthorized,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.servername !== undefined && { ssl: { servername: tls.servername } }),
  };
}

function failureReason(error: Error): Reason {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNECT_TIMEOUT') return 'origin-connect-timeout';
  return code === 'ECONNRESET' ? 'origin-reset' : 'origin-unreachable';
}
