// What does Cache-Status say about this response (RFC 9211)? Written by hand for the hit path; the tests read it with a structured-fields parser.
import type { Reason } from './reasons.ts';

/** `fwd` and what comes with it have no place beside a hit (RFC 9211 §2.2). */
export interface CacheStatus {
  readonly hit: boolean;
  readonly fwd?: 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial';
  readonly fwdStatus?: number;
  readonly stored?: boolean;
  readonly collapsed?: boolean;
  /** Negative when stale. */
  readonly ttlSeconds?: number;
  readonly detail?: Reason;
  readonly key?: string;
}

/** Our member of the list, as `freshet; hit; ttl=376`. */
export function cacheStatusMember(status: CacheStatus): string {
  let member = 'freshet';
  if (status.hit) member += '; hit';
  else if (status.fwd !== undefined) member += forwarded(status, status.fwd);
  if (status.ttlSeconds !== undefined) member += `; ttl=${integer(status.ttlSeconds)}`;
  if (status.detail !== undefined) member += `; detail=${status.detail}`;
  if (status.key !== undefined) member += `; key=${quoted(status.key)}`;
  return member;
}

function forwarded(status: CacheStatus, fwd: string): string {
  let text = `; fwd=${fwd}`;
  if (status.fwdStatus !== undefined) text += `; fwd-status=${integer(status.fwdStatus)}`;
  if (status.stored === true) text += '; stored';
  if (status.collapsed === true) text += '; collapsed';
  return text;
}

/** RFC 8941 §3.3.1: at most 15 digits. */
function integer(value: number): number {
  return Math.max(-999_999_999_999_999, Math.min(999_999_999_999_999, Math.floor(value) || 0));
}

/** RFC 8941 §3.3.3: printable ASCII only; anything else is shown as `?`. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
