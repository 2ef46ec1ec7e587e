// The configuration as the rest of Freshet reads it: validated, defaults filled in, units resolved. config/load.ts makes it from YAML.
import type { OutboxSettings } from '../events/outbox.ts';
import type { StreamSettings } from '../events/redis-stream.ts';
import type { EventRule } from '../events/rules.ts';
import type { Route } from '../rules/routes.ts';
import type { JsonPath } from './json-path.ts';

export interface Config {
  readonly listen: ListenAddress;
  /** Threads that serve. */
  readonly workers: number;
  readonly admin: { readonly listen: ListenAddress; readonly token?: string } | undefined;
  readonly purge: PurgeConfig;
  readonly store: StoreConfig;
  /** Whether plain GET and HEAD requests are read by Freshet itself; false: all are read by node:http. */
  readonly fastPath: boolean;
  readonly log: { readonly level: LogLevel; readonly access: 'off' | 'sample' | 'all' };
  /** CIDRs whose Forwarded and X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
  /** Those that are served, lower case; one without a port takes any. Absent: whatever clients name. */
  readonly hosts?: ReadonlySet<string>;
  readonly tags: TagConfig;
  /** Of tokens whose claims may be scopes. */
  readonly issuers: readonly IssuerConfig[];
  readonly limits: LimitConfig;
  /** What happens elsewhere, and what is purged then. */
  readonly events: EventConfig;
  /** Other nodes share purges. */
  readonly redis?: RedisConfig;
  /** Hits are compared with the origin. */
  readonly audit?: AuditConfig;
  readonly origins: ReadonlyMap<string, OriginConfig>;
  /** Most specific first. */
  readonly routes: readonly Route[];
  /** For requests that match no route: the first origin and RFC rules (with `defaults`). */
  readonly defaultRoute: Route;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface PurgeConfig {
  /** Enables PURGE on `listen`. */
  readonly token?: string;
  readonly settleMs: number;
  /** Of the table of hard marks; soft marks take a quarter more. */
  readonly memoryBytes: number;
  readonly ratePerSecond: number;
  /** Who else purges, by name, and which tags or families of tags. It permits nothing. */
  readonly callers: ReadonlyMap<string, readonly string[]>;
}

export interface StoreConfig {
  readonly memoryBytes: number;
  readonly maxObjectBytes: number;
  /** What bodies on their way may hold in all. */
  readonly fillBytes: number;
}

export interface TagConfig {
  /** Lower case. */
  readonly headers: readonly string[];
  readonly expose: boolean;
  readonly maxBytes: number;
  readonly maxCount: number;
}

export interface IssuerConfig {
  /** As in `iss`; each is there once. */
  readonly issuer: string;
  /** One of them must be in `aud`. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly leewayMs: number;
  readonly keys:
    | { readonly kind: 'url'; readonly url: string; readonly maxAgeMs: number }
    /** JSON text of a key set. */
    | { readonly kind: 'set'; readonly jwks: string }
    | { readonly kind: 'secret'; readonly secret: string };
}

export interface EventConfig {
  readonly rules: readonly EventRule[];
  /** `POST /v1/events` must be signed, with one of these: `whsec_…`. */
  readonly webhook?: { readonly secret: readonly string[]; readonly toleranceMs: number };
  readonly redis?: StreamSettings;
  readonly postgres?: OutboxSettings;
}

/** Where the purges of several nodes are numbered. */
export interface RedisConfig {
  /** `redis://` or `rediss://` with host, port and perhaps user and password: of the server, of each Sentinel, or of some nodes of a Redis Cluster. */
  readonly urls: readonly string[];
  /** Nodes of one name share purges. */
  readonly cluster: string;
  readonly secret: string;
  readonly mode: 'lease' | 'barrier';
  /** How many the server has. */
  readonly replicas: number;
  /** What one has stored the others may use. */
  readonly bodies: boolean;
  readonly db: number;
  /** A Redis Cluster. */
  readonly sharded: boolean;
  /** `urls` are those of Sentinels, which know the server by this name. */
  readonly sentinel?: { readonly name: string; readonly user?: string; readonly password?: string };
  readonly tls?: TlsConfig;
}

/** What the auditor compares, and what it may cost the origin. */
export interface AuditConfig {
  /** Of hits; 0 to 1. */
  readonly sample: number;
  /** What may differ in JSON bodies. */
  readonly ignore: readonly JsonPath[];
  /** How long after a difference was seen its purge may come. */
  readonly windowMs: number;
  readonly ratePerSecond: number;
  readonly concurrency: number;
  readonly maxBodyBytes: number;
}

/** `ca` is PEM text. */
export interface TlsConfig {
  readonly ca?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Of the client side. */
export interface LimitConfig {
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly urlBytes: number;
  /** Of a request: the whole head must have arrived within it. */
  readonly headersTimeoutMs: number;
  /** A keep-alive connection without a request. */
  readonly idleTimeoutMs: number;
  /** A client that sends or takes no byte of a body for this long is cut. */
  readonly stallTimeoutMs: number;
  /** Of a client that sends a body or takes an answer, over a whole stall timeout; 0: however few. */
  readonly minBytesPerSecond: number;
  readonly connections: number;
  /** Of one client: an IPv4 address or an IPv6 /64. */
  readonly connectionsPerAddress: number;
  /** Requests of one connection that wait for their answers at once. */
  readonly pipelined: number;
  /** Questions at once of whose a credential is, for one client. */
  readonly lookupsPerAddress: number;
  /** Tokens that are verified at once, for one client. */
  readonly verificationsPerAddress: number;
  /** How long SIGTERM waits for requests in flight. */
  readonly drainTimeoutMs: number;
}

export interface OriginConfig {
  readonly name: string;
  /** Scheme, host and port; no path. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly connections: number;
  /** Requests that may wait for a connection before more are answered 503. */
  readonly queue: number;
  /** How long each of them may wait. */
  readonly queueTimeoutMs: number;
  readonly breaker?: BreakerConfig;
  /** `client` sends the client's Host on, `origin` the host of `url`. */
  readonly host: 'client' | 'origin';
  readonly tls?: TlsConfig;
}

/** When requests to an origin are held back. */
export interface BreakerConfig {
  /** Of the requests that ended within the window; 0 to 1. */
  readonly failureRate: number;
  readonly windowMs: number;
  readonly minimumRequests: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** 502, 503 and 504 count as failures. */
  readonly gatewayErrors: boolean;
}
