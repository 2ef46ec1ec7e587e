// What a 304 does to the entry it confirms: PURGE-PROTOCOL §3.2 rule 7, RFC 9111 §4.3.4.
import { withoutFields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import { unpacked } from '../rules/packed-response.ts';
import type { Reason } from '../rules/reasons.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { confirms, freshenedFields, freshnessAfter304 } from '../rules/validation.ts';
import { dated, keep, NEVER_CHECKED, NOT_STORED } from './commit.ts';
import type { Exchange } from './exchange.ts';
import type { Landing } from './flight.ts';
import { type FetchTimes, fillContext, refusalByMarks, statesOtherScope, tagsOf } from './landing.ts';

/** A 304 freshens `base` only while it is still what the store holds and no tag of it, old or new, was marked since the validation was sent. */
export function freshenBase(x: Exchange, base: StoredResponse, head: ResponseHead, times: FetchTimes): Landing {
  const { marks, store, tagHash } = x.parts;
  const differs = statesOtherScope(x.scope, head);
  const fields = freshenedFields(base, head);
  const tagging = tagsOf(x, { ...head, status: base.status, fields });
  const epoch = marks.epoch;
  const verdict = marks.gate({ tagIds: tagHash.join(base.tagIds, tagging.tagIds), asOf: times.asOf, sentAt: times.sentAt });

  // What may have been purged is no more freshened than what was.
  if (verdict.kind === 'purged' || verdict.kind === 'uncoordinated' || !confirms(base, head) || !store.holds(x.key, base)) {
    return baseGone(x, base);
  }

  const storability = freshnessAfter304(base, fillContext(x, head, times));
  if (storability.kind === 'store' && !storability.vary.every((name) => base.axes.includes(name))) {
    // It now varies on what nobody noted of the request that it was stored for.
    return baseGone(x, base);
  }
  const stored: StoredResponse = {
    ...unpacked(base),
    ...(storability.kind === 'store' ? storability.freshness : {}),
    fields: dated(withoutFields(fields, NOT_STORED), times.receivedAt),
    receivedAt: times.receivedAt,
    tags: tagging.tags,
    tagIds: tagging.tagIds,
    asOf: times.asOf,
    order: times.order,
    checkedAt: verdict.kind === 'ok' ? epoch : NEVER_CHECKED,
  };
  if (differs) return land(x, { base, stored, refusal: 'scope-differs' });
  const refusal = storability.kind === 'refuse' ? storability.reason : (tagging.refusal ?? refusalByMarks(verdict, tagging, marks));
  return land(x, { base, stored, refusal });
}

/** The entry may answer what waits for it, and stays where nothing forbids that. */
function land(x: Exchange, { base, stored, refusal }: { base: StoredResponse; stored: StoredResponse; refusal: Reason | undefined }): Landing {
  if (x.mode === 'unstored') return { kind: 'freshened', stored, shareable: false, kept: false };
  const isFresh = !stored.alwaysValidate && stored.freshUntil > stored.receivedAt;
  if (refusal !== undefined) {
    x.parts.store.remove(x.key, base, 'replaced');
    x.parts.observer.fillRefused(refusal);
    return { kind: 'freshened', stored, shareable: isFresh && refusal === 'held', kept: false };
  }
  return { kind: 'freshened', stored, shareable: isFresh, kept: keep(x, stored).kind === 'stored' };
}

function baseGone(x: Exchange, base: StoredResponse): Landing {
  x.parts.store.remove(x.key, base, 'replaced');
  x.parts.observer.fillRefused('base-gone');
  return { kind: 'base-gone' };
}
