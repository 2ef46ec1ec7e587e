// How purging looks over HTTP: who may, what a request asks for, and what it is answered. DESIGN section 2 "Purging", PURGE-PROTOCOL §4.8. No sockets.
// `Prefer: respond-async` (RFC 7240) needs nothing here: a purge of this process is confirmed at once, which is more than was asked.
import { hash, timingSafeEqual } from 'node:crypto';
import { type Fields, fieldLines } from '../http/fields.ts';
import type { PurgeOrder, PurgeOutcome } from './order.ts';
import { type Answer, problem } from './problem.ts';
import { type Fault, readPurgeBody } from './purge-body.ts';
import { type PurgeRequest, readPurgeMethod } from './purge-method.ts';
import type { Refused } from './rate.ts';

export type ParsedPurge = { readonly kind: 'order'; readonly order: PurgeOrder } | { readonly kind: 'problem'; readonly answer: Answer };

/** Whether `fields` carry `Authorization: Bearer` with this token; compared in constant time. More than one Authorization is wrong. */
export function authorise(fields: Fields, token: string): 'ok' | 'missing' | 'wrong' {
  const lines = fieldLines(fields, 'authorization');
  if (lines.length === 0) return 'missing';
  const presented = lines.length === 1 ? /^bearer +([^ ]+)$/i.exec(lines[0] as string)?.[1] : undefined;
  if (presented === undefined) return 'wrong';
  return timingSafeEqual(hash('sha256', presented, 'buffer'), hash('sha256', token, 'buffer')) ? 'ok' : 'wrong';
}

/** RFC 6750 §3: 401 with its challenge. */
export function answerUnauthorised(authorisation: 'missing' | 'wrong'): Answer {
  const challenge = authorisation === 'missing' ? 'Bearer realm="freshet"' : 'Bearer realm="freshet", error="invalid_token"';
  const detail = 'Send the purge token: Authorization: Bearer TOKEN.';
  return problem(authorisation === 'missing' ? 'token-missing' : 'token-wrong', detail, ['www-authenticate', challenge]);
}

export function answerRefused({ retryAfterSeconds }: Refused): Answer {
  const seconds = String(retryAfterSeconds);
  return problem('too-many', `Purges arrive faster than purge.rate allows. Try again in ${seconds} s.`, ['retry-after', seconds]);
}

/** What of the configuration decides what a purge may name. */
export interface PurgeNames {
  /** `tags.headers`. */
  readonly tagHeaders: readonly string[];
  /** Of scopes: what those of the routes consist of. */
  readonly scopes: readonly string[];
}

/** A `PURGE` request. */
export function parsePurgeMethod(request: PurgeRequest, from: { readonly actor: string } & Pick<PurgeNames, 'tagHeaders'>): ParsedPurge {
  const read = readPurgeMethod(request, from.tagHeaders);
  return 'fault' in read ? refuse([read.fault]) : { kind: 'order', order: { ...read.order, kind: 'operator', actor: from.actor } };
}

/** The body of `POST /v1/purge`. */
export function parsePurgeBody(text: string, from: { readonly actor: string } & Pick<PurgeNames, 'scopes'>): ParsedPurge {
  const read = readPurgeBody(text, from.scopes);
  return 'faults' in read ? refuse(read.faults) : { kind: 'order', order: { ...read.order, kind: 'operator', actor: from.actor } };
}

function refuse(faults: readonly Fault[]): ParsedPurge {
  const first = faults.find((fault) => fault.kind === 'too-large') ?? faults[0];
  const detail = faults.slice(0, 10).map((fault) => fault.detail);
  return { kind: 'problem', answer: problem(first?.kind ?? 'malformed', detail.join(' ')) };
}

/** 200 with the receipt, or 429 where nothing was published. Never 404 for "nothing matched", never a count of entries. */
export function answerOf(outcome: PurgeOutcome): Answer {
  if (outcome.kind === 'out-of-holds') {
    return problem('out-of-holds', 'Nothing was purged. Try again when earlier settle windows are over, or purge without settle and versions.', [
      'retry-after',
      '5',
    ]);
  }
  const { id, authority, mode, tags, urls, waitedMs } = outcome.receipt;
  const guarantee = mode === 'hard' ? 'linearizable' : 'none';
  return {
    status: 200,
    fields: ['content-type', 'application/json', 'cache-control', 'no-store'],
    body: JSON.stringify({ id, state: 'confirmed', guarantee, authority, mode, tags, urls, waited_ms: waitedMs }),
  };
}
