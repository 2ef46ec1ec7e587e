// The answer to a client: from a stored response, from a fill under way, or an error of our own. Orders nothing, decides nothing about freshness.
import { STATUS_CODES } from 'node:http';
import { fieldsForClient, ownLines, withoutOurs } from '../http/forwarding.ts';
import { type Fields, hasField, withoutFields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import { problemAnswer } from '../purge/problem.ts';
import type { Outcome } from '../observe/observer.ts';
import { type CacheStatus, cacheStatusMember } from '../rules/cache-status.ts';
import { ageMs } from '../rules/freshness.ts';
import { evaluatePreconditions, notModifiedFields, notModifiedLines, selected } from '../rules/preconditions.ts';
import { PackedResponse } from '../rules/packed-response.ts';
import { rangeAnswer } from '../rules/ranges.ts';
import { type Reason, reasonText } from '../rules/reasons.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { debugFields } from './debug.ts';
import type { Exchange } from './exchange.ts';
import type { Fill } from './fill.ts';

/** What is said of an answer: in Cache-Status, the access log and the metrics. */
export interface Said {
  readonly outcome: Outcome;
  readonly status: CacheStatus;
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly fields: string[];
  readonly body: Buffer | undefined;
}

/** Sends a 1xx on, without what is for Freshet alone. */
export function respondInformational(x: Exchange, head: ResponseHead): void {
  const { config, tagHeaders } = x.settings;
  x.client.informational(head.status, withoutOurs(head.fields, { expose: config.tags.expose, tagHeaders }));
}

/** Answers from `stored`, evaluating the client's preconditions and range (RFC 9110 §13.2.2). The caller has just gated it: no await may stand between. */
export function respondStored(x: Exchange, stored: StoredResponse, said: Said): void {
  if (stored instanceof PackedResponse && stored.part === undefined && !isBodyless(stored.status) && asksForWhole(x.request.fields)) {
    switch (evaluatePreconditions(x.request, stored)) {
      case 'proceed':
        return respondWhole(x, stored, said);
      case 'not-modified':
        return respondNotModified(x, stored, said);
      case 'failed':
        break;
    }
  }
  const answer = storedAnswer(x, stored, said.status);
  x.client.answer(answer.status, answer.statusText, answer.fields, x.request.method === 'HEAD' ? undefined : answer.body);
  ended(x, said, { status: answer.status, bodyBytes: x.request.method === 'HEAD' ? 0 : (answer.body?.length ?? 0) });
}

/** Most answers there are. */
function respondWhole(x: Exchange, stored: PackedResponse, said: Said): void {
  const cacheStatus = cacheStatusMember(said.status);
  const lines = linesFor(x, stored, { cacheStatus, contentLength: stored.content.length });
  const { status, statusText } = stored;
  const body = x.request.method === 'HEAD' ? undefined : stored.content;
  x.client.answerLines({ status, statusText, lines: stored.shownTo(x.view) + lines, body });
  ended(x, said, { status, bodyBytes: body?.length ?? 0, cacheStatus });
}

function respondNotModified(x: Exchange, stored: PackedResponse, said: Said): void {
  const cacheStatus = cacheStatusMember(said.status);
  const lines = notModifiedLines(stored.shownTo(x.view), stored) + linesFor(x, stored, { cacheStatus, contentLength: undefined });
  x.client.answerLines({ status: 304, statusText: 'Not Modified', lines, body: undefined });
  ended(x, said, { status: 304, bodyBytes: 0, cacheStatus });
}

function linesFor(x: Exchange, stored: StoredResponse, said: { readonly cacheStatus: string; readonly contentLength: number | undefined }): string {
  const { clientCacheControl } = x.route.policy;
  const cacheControl = clientCacheControl === 'origin' ? undefined : clientCacheControl;
  return ownLines({ ...said, ageSeconds: Math.floor(ageMs(stored, x.now) / 1000), cacheControl });
}

/** Nothing in the request asks for a part of the stored response, or for more to be said. One pass, since most are so. */
function asksForWhole(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name === 'range' || name === 'freshet-debug') return false;
  }
  return true;
}

function storedAnswer(x: Exchange, stored: StoredResponse, status: CacheStatus): Answer {
  const ageSeconds = Math.floor(ageMs(stored, x.now) / 1000);
  const outgoing = (fields: Fields, contentLength: number | undefined) => clientFields(x, fields, status, { ageSeconds, contentLength, stored });

  const { fields: all } = stored;
  const precondition = evaluatePreconditions(x.request, selected(stored));
  if (precondition === 'not-modified')
    return { status: 304, statusText: 'Not Modified', fields: outgoing(notModifiedFields(all), undefined), body: undefined };
  if (precondition === 'failed') return { status: 412, statusText: 'Precondition Failed', fields: outgoing([], 0), body: undefined };

  const range = rangeAnswer(x.request, stored);
  if (range.kind === 'part') {
    const fields = withoutFields(all, CONTENT_RANGE);
    fields.push('content-range', `bytes ${range.first}-${range.last}/${range.completeBytes ?? '*'}`);
    return { status: 206, statusText: 'Partial Content', fields: outgoing(fields, range.body.length), body: range.body };
  }
  if (range.kind === 'unsatisfiable') {
    const fields = outgoing(['content-range', `bytes */${range.completeBytes}`], 0);
    return { status: 416, statusText: 'Range Not Satisfiable', fields, body: undefined };
  }
  const bodyless = isBodyless(stored.status);
  return {
    status: stored.status,
    statusText: stored.statusText,
    fields: outgoing(all, bodyless ? undefined : stored.body.length),
    body: stored.body,
  };
}

function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}

/** Sends an origin's head on and streams its body. The client's own preconditions were kept from the origin and are evaluated here. */
export function respondFill(x: Exchange, head: ResponseHead, fill: Fill, said: Said, through: () => void): void {
  const precondition = head.status === 200 && said.outcome !== 'pass' ? evaluatePreconditions(x.request, selected(head)) : 'proceed';
  if (precondition !== 'proceed') {
    const status = precondition === 'not-modified' ? 304 : 412;
    const fields = clientFields(x, status === 304 ? notModifiedFields(head.fields) : [], said.status, {
      contentLength: status === 412 ? 0 : undefined,
    });
    x.client.answer(status, status === 304 ? 'Not Modified' : 'Precondition Failed', fields, undefined);
    ended(x, said, { status, bodyBytes: 0 });
    return;
  }
  const body = fill.complete;
  if (body !== undefined && x.request.method !== 'HEAD' && !isBodyless(head.status)) {
    // All of it is here: head and body in one write.
    x.client.answer(head.status, head.statusText, clientFields(x, head.fields, said.status, { contentLength: body.length }), body);
    ended(x, said, { status: head.status, bodyBytes: body.length });
    return;
  }
  x.client.head(head.status, head.statusText, clientFields(x, head.fields, said.status, {}));
  fill.read(x.client, ({ end, bytes }) => {
    const failure = end === 'cut' ? { failure: fill.failure ?? 'truncated' } : {};
    ended(x, said, { status: head.status, bodyBytes: bytes, aborted: end === 'gone', ...failure });
    through();
  });
}

/** An error of our own, as RFC 9457 problem details. `extra` fields go with it, such as Retry-After. */
export function respondError(x: Exchange, httpStatus: number, reason: Reason, status: CacheStatus, extra: Fields = []): void {
  const title = STATUS_CODES[httpStatus] ?? 'Error';
  const answer = problemAnswer({ kind: reason, status: httpStatus, title, detail: reasonText(reason).sentence }, extra);
  respondOwn(x, answer, 'error', { ...status, detail: reason });
}

/** A whole answer that Freshet made itself. */
export function respondOwn(
  x: Exchange,
  answer: { readonly status: number; readonly fields: Fields; readonly body: string },
  outcome: 'error' | 'purge' | 'pass',
  status: CacheStatus = { hit: false },
): void {
  const whole = Buffer.from(answer.body);
  const fields = clientFields(x, answer.fields, status, { contentLength: isBodyless(answer.status) ? undefined : whole.length });
  const body = x.request.method === 'HEAD' ? undefined : whole;
  x.client.answer(answer.status, STATUS_CODES[answer.status] ?? 'Error', fields, body);
  ended(x, { outcome, status }, { status: answer.status, bodyBytes: body?.length ?? 0 });
}

/** The client left before anything could be sent. */
export function clientLeft(x: Exchange, fwd: CacheStatus['fwd']): void {
  const status: CacheStatus = { hit: false, ...(fwd === undefined ? {} : { fwd }), detail: 'client-gone' };
  ended(x, { outcome: 'error', status }, { status: 499, bodyBytes: 0, aborted: true });
}

function clientFields(
  x: Exchange,
  fields: Fields,
  status: CacheStatus,
  options: { ageSeconds?: number; contentLength?: number | undefined; stored?: StoredResponse },
): string[] {
  const { clientCacheControl } = x.route.policy;
  const out = fieldsForClient(fields, {
    expose: x.settings.config.tags.expose,
    tagHeaders: x.settings.tagHeaders,
    ageSeconds: options.ageSeconds,
    cacheStatus: cacheStatusMember(status),
    cacheControl: clientCacheControl !== 'origin' && (options.stored !== undefined || status.stored === true) ? clientCacheControl : undefined,
    contentLength: options.contentLength,
  });
  if (hasField(x.request.fields, 'freshet-debug')) out.push(...debugFields(x, options.stored));
  return out;
}

interface Ended {
  readonly status: number;
  readonly bodyBytes: number;
  readonly aborted?: boolean;
  readonly failure?: Reason;
  /** Where it was made already. */
  readonly cacheStatus?: string;
}

function ended(x: Exchange, said: Said, end: Ended): void {
  x.parts.observer.requestEnded({
    method: x.request.method,
    authority: x.target.authority,
    path: x.target.path,
    route: x.route.name,
    outcome: said.outcome,
    reason: said.status.detail,
    cacheStatus: end.cacheStatus ?? cacheStatusMember(said.status),
    status: end.status,
    bodyBytes: end.bodyBytes,
    durationMs: x.parts.clock.now() - x.arrivedAt,
    collapsed: said.status.collapsed === true,
    aborted: end.aborted === true,
    failure: end.failure,
  });
}

const CONTENT_RANGE: ReadonlySet<string> = new Set(['content-range']);
