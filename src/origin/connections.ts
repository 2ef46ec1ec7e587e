// The connections to one origin, as undici keeps them: what a Pool is given, and what each request is.
import { isIP } from 'node:net';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { OriginRequest } from './exchange.ts';
import { type PooledHandler, SafeClient } from './safe-client.ts';
import type { OriginSettings } from './settings.ts';

export class Connections {
  readonly #settings: OriginSettings;
  readonly #serverName: { readonly servername?: string };
  readonly #pool: Pool;
  /** For retries: each of its connections serves one request. */
  #freshPool: Pool | undefined;

  constructor(settings: OriginSettings) {
    this.#settings = settings;
    this.#serverName = serverName(settings);
    this.#pool = openPool(settings);
  }

  /** `fresh`: on a connection that has served nothing. */
  dispatch(request: OriginRequest, handler: PooledHandler, { fresh }: { readonly fresh: boolean }): void {
    if (fresh) this.#freshPool ??= openPool(this.#settings);
    const pool = fresh && this.#freshPool !== undefined ? this.#freshPool : this.#pool;
    pool.dispatch({ ...dispatchOptions(request, fresh), ...this.#serverName }, handler);
  }

  /** When nothing is under way. */
  async close(): Promise<void> {
    if (this.#pool.destroyed) return;
    await Promise.all([this.#pool.close(), this.#freshPool?.close()]);
  }

  async destroy(reason: Error): Promise<void> {
    await Promise.all([this.#pool.destroy(reason), this.#freshPool?.destroy(reason)]);
  }
}

/** Room for a response whose tags alone take 16 KiB and more; what is over the tag limits is still passed on, only not stored. */
const MAX_HEADER_BYTES = 64 * 1024;

function openPool(settings: OriginSettings): Pool {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs, connections, tls } = settings;
  return new Pool(settings.url, {
    connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      timeout: connectTimeoutMs,
      ...(tls?.ca !== undefined && { ca: tls.ca }),
      ...(tls !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
    },
    factory: (origin, options) => new SafeClient(origin, options),
  });
}

function dispatchOptions(request: OriginRequest, fresh: boolean): Dispatcher.DispatchOptions {
  const { method, path, body, bodyBytes } = request;
  const headers = bodyBytes === undefined ? [...request.fields] : [...request.fields, 'content-length', String(bodyBytes)];
  return {
    method,
    path,
    headers,
    ...(body !== undefined && { body }),
    // undici closes the connection after a HEAD unless told not to.
    ...(fresh ? { reset: true } : method === 'HEAD' && { reset: false }),
  };
}

/**
 * The name for TLS, an option that undici has but does not declare: without it the name would come from the client's Host.
 * Known: an https origin named by its address still gets the client's Host; accepted because `tls.servername` says what is meant.
 */
function serverName({ url, tls }: OriginSettings): { servername?: string } {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:') return {};
  const servername = tls?.servername ?? hostname;
  return isIP(servername.replace(/^\[|\]$/g, '')) === 0 ? { servername } : {};
}
