// What the origin side is told about one origin; the configuration's OriginConfig has these.
import type { BreakerSettings } from './breaker.ts';

export interface OriginSettings {
  readonly name: string;
  /** Scheme, host and port; no path. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly connections: number;
  /** Requests that may wait for a connection before more are refused. */
  readonly queue: number;
  /** How long each of them may wait; it counts against no other timeout. */
  readonly queueTimeoutMs: number;
  /** Absent: nothing is ever held back. `gatewayErrors`: 502, 503 and 504 count as failures. */
  readonly breaker?: BreakerSettings & { readonly gatewayErrors: boolean };
  /** `ca` is PEM text. */
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
}
