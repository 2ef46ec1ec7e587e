// How purging looks over HTTP: who may, what a request asks for, and what it is answered. DESIGN section 2 "Purging", PURGE-PROTOCOL §4.8. No sockets.
import { hash, timingSafeEqual } from 'node:crypto';
import { type Fields, fieldLines } from '../http/fields.ts';
import { preferencesOf } from './prefer.ts';
import type { PurgeOrder, PurgeOutcome, Receipt } from './order.ts';
import { type Answer, problem, unconfirmed } from './problem.ts';
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
  return 'fault' in read ? refuse([read.fault]) : ordered(read.order, { ...from, fields: request.fields });
}

/** The body of `POST /v1/purge`. */
export function parsePurgeBody(text: string, from: { readonly actor: string; readonly fields: Fields } & Pick<PurgeNames, 'scopes'>): ParsedPurge {
  const read = readPurgeBody(text, from.scopes);
  return 'faults' in read ? refuse(read.faults) : ordered(read.order, from);
}

function ordered(order: Omit<PurgeOrder, 'kind' | 'actor'>, { actor, fields }: { readonly actor: string; readonly fields: Fields }): ParsedPurge {
  const waitMs = waitOf(fields);
  return { kind: 'order', order: { ...order, kind: 'operator', actor, ...(waitMs === undefined ? {} : { waitMs }) } };
}

/** RFC 7240 §4.1 and §4.3: `respond-async` waits not at all, or as long as `wait` says. Undefined: until the purge is confirmed. */
function waitOf(fields: Fields): number | undefined {
  const { respondAsync, wait } = preferencesOf(fields);
  if (wait !== undefined) return wait * 1_000;
  return respondAsync ? 0 : undefined;
}

function refuse(faults: readonly Fault[]): ParsedPurge {
  const first = faults.find((fault) => fault.kind === 'too-large') ?? faults[0];
  const detail = faults.slice(0, 10).map((fault) => fault.detail);
  return { kind: 'problem', answer: problem(first?.kind ?? 'malformed', detail.join(' ')) };
}

/** 200 with the receipt; 202 where it is not confirmed yet; 429 and 503 where it is not to be had. Never 404 for "nothing matched", never a count of entries. */
export function answerOf(outcome: PurgeOutcome): Answer {
  switch (outcome.kind) {
    case 'confirmed':
      return receiptAnswer(200, outcome.receipt, {
        state: 'confirmed',
        guarantee: outcome.receipt.mode === 'hard' ? 'linearizable' : 'none',
        ...(outcome.receipt.nodes === undefined ? {} : { nodes: outcome.receipt.nodes }),
      });
    case 'committed':
      return receiptAnswer(202, outcome.receipt, {
        state: 'committed',
        guarantee: outcome.receipt.mode === 'hard' ? 'bounded' : 'none',
        bound_ms: outcome.boundMs,
      });
    case 'out-of-holds':
      return problem('out-of-holds', 'Nothing was purged. Try again when earlier settle windows are over, or purge without settle and versions.', [
        'retry-after',
        '5',
      ]);
    case 'unknown':
      return unconfirmed('unknown', 'Redis did not answer in time: the purge may have happened or not. Purging again is safe.');
    case 'rejected':
      return unconfirmed('rejected', 'This node is out of touch with Redis, so nothing was purged. Purging again is safe.');
  }
}

/** `said` stands behind the id. */
function receiptAnswer(status: number, { id, authority, mode, tags, urls, waitedMs }: Receipt, said: Readonly<Record<string, unknown>>): Answer {
  const { nodes, ...first } = said;
  return {
    status,
    fields: ['content-type', 'application/json', 'cache-control', 'no-store'],
    body: JSON.stringify({ id, ...first, authority, mode, tags, urls, ...(nodes === undefined ? {} : { nodes }), waited_ms: waitedMs }),
  };
}
