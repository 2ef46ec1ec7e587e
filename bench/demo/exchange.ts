// One request of the demo and what came back, and how both are printed.
import { parseList } from 'structured-headers';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly cacheStatus: string;
  readonly receipt: string | undefined;
  readonly body: string;
  readonly durationMs: number;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** Sends one request to `base` and reads the whole answer. */
export async function ask(base: string, path: string, options: AskOptions = {}): Promise<Exchange> {
  const method = options.method ?? 'GET';
  const sentAt = performance.now();
  const response = await fetch(base + path, {
    method,
    headers: { ...options.headers, ...(options.json === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
  });
  const body = (await response.text()).trimEnd();
  return {
    method,
    path,
    status: response.status,
    cacheStatus: response.headers.get('cache-status') ?? '',
    receipt: response.headers.get('purge-receipt') ?? undefined,
    body,
    durationMs: performance.now() - sentAt,
  };
}

/** The parameters of Freshet's member of Cache-Status (RFC 9211): the last one, being nearest to the client. */
function cacheStatusOf(exchange: Exchange): ReadonlyMap<string, unknown> {
  if (exchange.cacheStatus === '') return new Map();
  return new Map(parseList(exchange.cacheStatus).at(-1)?.[1]);
}

/** Whether it was answered from the store. */
export function isHit(exchange: Exchange): boolean {
  return cacheStatusOf(exchange).get('hit') === true;
}

/** The answer's JSON as a person would write it. */
export function field(exchange: Exchange, name: string): unknown {
  return (JSON.parse(exchange.body) as Record<string, unknown>)[name];
}

export function describeExchange(exchange: Exchange): string[] {
  const body = exchange.body.length > 110 ? `${exchange.body.slice(0, 48)} ... ${exchange.body.slice(-56)}` : exchange.body;
  return [
    `> ${exchange.method} ${exchange.path}`,
    `< ${exchange.status}  ${exchange.durationMs.toFixed(1)} ms  Cache-Status: ${exchange.cacheStatus || '(none: not through Freshet)'}`,
    `  ${body}`,
  ];
}
