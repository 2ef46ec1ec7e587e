// The one door into the store: the second gate, at the verified end of a body, and what a 304 made anew. PURGE-PROTOCOL §3.2 rules 2 and 7.
import { type Fields, fieldValue, hasField, withoutFields } from '../http/fields.ts';
import { formatHttpDate } from '../http/http-date.ts';
import type { EntryStored } from '../observe/fill-listener.ts';
import type { BodyEnd } from '../origin/exchange.ts';
import { PackedResponse } from '../rules/packed-response.ts';
import { combineParts } from '../rules/ranges.ts';
import type { Reason } from '../rules/reasons.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { canValidate } from '../rules/validator.ts';
import { axisValues, MAX_AXES, unionAxes } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import type { Judgement } from './landing.ts';
import { isOfScope } from './scope-check.ts';
import { sharedKey } from './shared.ts';

export type Commit = { readonly kind: 'stored' } | { readonly kind: 'refused'; readonly reason: Reason };

/** Stores what `judgement` allowed, now that its whole `body` is here. No await may stand between the gate in here and the put. */
export function commitFill(x: Exchange, judgement: Judgement, body: Buffer, end: BodyEnd): Commit {
  const { storing, times, tagIds } = judgement;
  if (storing === undefined) return { kind: 'refused', reason: judgement.refusal ?? 'no-freshness' };
  if (end !== 'verified' && !x.route.policy.storeCloseDelimited) return { kind: 'refused', reason: end };
  if (storing.part !== undefined && storing.part.last - storing.part.first + 1 !== body.length) return { kind: 'refused', reason: 'partial-invalid' };

  const { marks, store } = x.parts;
  const epoch = marks.epoch;
  const verdict = marks.gate({ tagIds, asOf: times.asOf, sentAt: times.sentAt });
  if (verdict.kind === 'purged') return { kind: 'refused', reason: 'purged-in-flight' };
  if (verdict.kind === 'held' || verdict.kind === 'uncoordinated') return { kind: 'refused', reason: verdict.kind };
  if (!marks.versionsAccepted(judgement.versions)) return { kind: 'refused', reason: 'version-behind' };
  const axes = unionAxes(store.axes(x.key), judgement.vary);
  if (axes.length > MAX_AXES) return { kind: 'refused', reason: 'vary-too-wide' };
  // A soft mark is to be seen again at each use.
  const checkedAt = verdict.kind === 'ok' ? epoch : NEVER_CHECKED;
  return put(x, storedResponse(x, judgement, { storing, body, axes, checkedAt }), store.peek(x.key));
}

function storedResponse(
  x: Exchange,
  judgement: Judgement,
  made: { readonly storing: NonNullable<Judgement['storing']>; readonly body: Buffer; readonly axes: readonly string[]; readonly checkedAt: number },
): StoredResponse {
  const { head, times, tags, tagIds } = judgement;
  const { storing, body, axes, checkedAt } = made;
  const language = languageOf(head.fields);
  return {
    status: head.status,
    statusText: head.statusText,
    fields: dated(withoutFields(head.fields, NOT_STORED), times.receivedAt),
    body,
    ...(storing.part === undefined ? {} : { part: storing.part }),
    ...storing.freshness,
    receivedAt: times.receivedAt,
    axes,
    axisValues: axisValues(axes, x.request.fields, x.route.policy),
    ...(language === undefined ? {} : { language }),
    scopeId: judgement.scopeId,
    tags,
    tagIds,
    asOf: times.asOf,
    order: times.order,
    checkedAt,
  };
}

/** A part never takes the place of a whole response that may still be used; with another part of the same representation it grows. */
function put(x: Exchange, response: StoredResponse, present: readonly StoredResponse[]): Commit {
  let entry = response;
  if (response.part !== undefined) {
    const sameVariant = present.find((other) => sameSelection(other, response));
    if (sameVariant !== undefined && sameVariant.part === undefined && sameVariant.freshUntil > response.receivedAt) {
      return { kind: 'refused', reason: 'newer-stored' };
    }
    entry = (sameVariant?.part === undefined ? undefined : combineParts(sameVariant, response)) ?? response;
  }
  return keep(x, entry);
}

/** Puts an entry into the store. The caller has asked the marks in the same synchronous step. */
export function keep(x: Exchange, entry: StoredResponse): Commit {
  if (!isOfScope(x, entry.scopeId, 'commit')) return { kind: 'refused', reason: 'scope-mismatch' };
  const { store, effects, clock } = x.parts;
  const result = store.put(x.key, new PackedResponse(entry, x.view), { maxVariants: x.route.policy.maxVariants });
  if (result.kind === 'refused') return result;
  effects.stored(x.key, clock.now());
  x.parts.observer.fillStored(entry.body.length);
  x.parts.bodies?.offer(sharedKey(x), entry);
  x.parts.sightings?.entryStored(sightingOf(x, entry));
  return result;
}

function sightingOf({ route, target }: Exchange, entry: StoredResponse): EntryStored {
  const { tags, tagIds, freshUntil, receivedAt } = entry;
  return { route: route.name, path: target.path, tags, tagIds, lifetimeMs: freshUntil - receivedAt, canValidate: canValidate(entry) };
}

function sameSelection(a: StoredResponse, b: StoredResponse): boolean {
  return a.axes.join() === b.axes.join() && a.axisValues.join('\n') === b.axisValues.join('\n');
}

/** With the time of receipt where the origin gave no Date (RFC 9110 §6.6.1): node:http would give each use its own. */
export function dated(fields: Fields, receivedAt: number): Fields {
  return hasField(fields, 'date') ? fields : [...fields, 'date', formatHttpDate(receivedAt)];
}

function languageOf(fields: readonly string[]): string | undefined {
  return fieldValue(fields, 'content-language')?.toLowerCase();
}

/** Older than every epoch: the next use asks the marks. */
export const NEVER_CHECKED = -1;

/** What speaks of one exchange or one proxy: no part of the representation (RFC 9111 §3.1), and for nobody but whom that exchange was made for. */
export const OF_ONE_EXCHANGE: ReadonlySet<string> = new Set([
  'authentication-info',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
]);

/** Age is recomputed, and framing is ours. */
export const NOT_STORED: ReadonlySet<string> = new Set(['age', 'content-length', 'auth-scope', ...OF_ONE_EXCHANGE]);
