// How purging looks over HTTP: who may, what a request asks for, and what it is answered. DESIGN section 2 "Purging", PURGE-PROTOCOL §4.8. No sockets.
// `Prefer: respond-async` (RFC 7240) needs nothing here: a purge of this process is confirmed at once, which is more than was asked.
import { hash, timingSafeEqual } from 'node:crypto';
import { type Fields, fieldLines } from '../http/fields.ts';
import type { Target } from '../http/target.ts';
import { NOTHING, type PurgeOrder, type PurgeOutcome } from './order.ts';
import { type Answer, problem } from './problem.ts';
import { type Fault, faultOfTags, malformed, parseSettle, quoted, readPurgeBody, SETTLE_ALLOWED } from './purge-body.ts';
import type { Admission } from './rate.ts';
import { split } from './surrogate-keys.ts';

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
  const detail = 'Send Authorization: Bearer with the purge token.';
  return problem(authorisation === 'missing' ? 'token-missing' : 'token-wrong', detail, ['www-authenticate', challenge]);
}

export function answerRefused(admission: Extract<Admission, { kind: 'refused' }>): Answer {
  const seconds = String(admission.retryAfterSeconds);
  return problem('too-many', `Purges arrive faster than purge.rate allows. Try again in ${seconds} s.`, ['retry-after', seconds]);
}

/** A `PURGE` request: of the tags in Surrogate-Key where it has that field, else of its URL. */
export function parsePurgeMethod(request: { readonly target: Target; readonly fields: Fields; readonly actor: string }): ParsedPurge {
  const { target, fields, actor } = request;
  const mode = softPurge(fields);
  if (typeof mode !== 'string') return refuse([mode]);
  const settle = fieldLines(fields, 'purge-settle')[0];
  const settleMs = settle === undefined ? undefined : parseSettle(settle);
  if (settle !== undefined && settleMs === undefined) return refuse([malformed(`Purge-Settle: found ${quoted(settle)}; ${SETTLE_ALLOWED}.`)]);
  const how = { ...NOTHING, kind: 'operator', mode, actor, ...(settleMs === undefined ? {} : { settleMs }) } as const;

  const lines = fieldLines(fields, 'surrogate-key');
  if (lines.length === 0) {
    if (target.path === '*') return refuse([malformed('* is not a URL that can be purged.')]);
    return { kind: 'order', order: { ...how, urls: [{ authority: target.authority, path: target.path, query: target.query }] } };
  }
  const tags = [...new Set(lines.flatMap((line) => split(line, 'surrogate-key')))];
  const fault = tags.length === 0 ? ({ kind: 'no-selector', detail: 'Surrogate-Key is empty.' } as const) : faultOfTags(tags);
  return fault === undefined ? { kind: 'order', order: { ...how, tags } } : refuse([fault]);
}

function softPurge(fields: Fields): 'hard' | 'soft' | Fault {
  let mode: 'hard' | 'soft' = 'hard';
  for (const name of ['soft-purge', 'fastly-soft-purge']) {
    for (const value of fieldLines(fields, name)) {
      if (value !== '0' && value !== '1') return malformed(`${name}: found ${quoted(value)}; 0 or 1 is allowed.`);
      if (value === '1') mode = 'soft';
    }
  }
  return mode;
}

/** The body of `POST /v1/purge`. */
export function parsePurgeBody(text: string, from: { readonly actor: string }): ParsedPurge {
  const read = readPurgeBody(text);
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
