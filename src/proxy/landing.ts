// What an origin's head means for the cache: may the response be kept, may it be shared, what are its tags? PURGE-PROTOCOL §3.2 rule 1.
import { fieldLines, fieldValue } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Marks } from '../purge/authority.ts';
import { responseTags, statedVersions } from '../purge/surrogate-keys.ts';
import type { TagHash } from '../purge/tag-hash.ts';
import type { Freshness } from '../rules/freshness.ts';
import type { Reason } from '../rules/reasons.ts';
import { expandTemplates } from '../rules/routes.ts';
import { type FillContext, judgeStorability } from '../rules/storability.ts';
import type { StoredResponse, Verdict } from '../rules/stored-response.ts';
import type { Exchange } from './exchange.ts';
import { AUTH_SCOPE, type Scope } from './scope.ts';

/** When a request went out and its head came back: asOf and order as PURGE-PROTOCOL §3.2 defines them, instants in epoch ms. */
export interface FetchTimes {
  readonly asOf: number;
  readonly order: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface Judgement {
  /** Whose the request was that was sent. */
  readonly scopeId: string;
  readonly head: ResponseHead;
  readonly times: FetchTimes;
  readonly tags: readonly string[];
  readonly tagIds: Int32Array;
  /** What the marks said when the head arrived. They are asked again at the body's end and at each use. */
  readonly verdict: Verdict;
  /** What it varies on; complete only where it is shareable. */
  readonly vary: readonly string[];
  /** The versions it states, with the ids of their tags; asked again at the body's end. */
  readonly versions: Tagging['versions'];
  /** Present when the response may be kept if its body proves whole. */
  readonly storing: { readonly freshness: Freshness; readonly part?: StoredResponse['part'] } | undefined;
  /** Why it may not. */
  readonly refusal: Reason | undefined;
  /** Whether requests that collapsed onto it may have it, kept or not. */
  readonly shareable: boolean;
}

/** Judges a final head that is not a 304 to our own validation. `x` is the request whose fields were sent. */
export function judgeHead(x: Exchange, head: ResponseHead, times: FetchTimes): Judgement {
  // Whatever else becomes of it: what it says of the scope is heard.
  const differs = statesOtherScope(x.scope, head);
  const tagging = tagsOf(x, head);
  const verdict = x.parts.marks.gate({ tagIds: tagging.tagIds, asOf: times.asOf, sentAt: times.sentAt });
  const storability = judgeStorability(fillContext(x, head, times));
  const vary = storability.kind === 'store' ? storability.vary : [];
  const judged = { scopeId: x.scope.id, head, times, tags: tagging.tags, tagIds: tagging.tagIds, versions: tagging.versions, verdict, vary };
  if (storability.kind === 'refuse') return { ...judged, storing: undefined, refusal: storability.reason, shareable: false };
  if (tagging.refusal !== undefined) return { ...judged, storing: undefined, refusal: tagging.refusal, shareable: false };
  if (differs) return { ...judged, storing: undefined, refusal: 'scope-differs', shareable: false };

  const { freshness } = storability;
  const shareable = !freshness.alwaysValidate && freshness.freshUntil > times.receivedAt && storability.part === undefined;
  const refusal = refusalByMarks(verdict, tagging, x.parts.marks) ?? refusalBySize(head, x.route.policy.maxObjectBytes);
  if (refusal !== undefined) return { ...judged, storing: undefined, refusal, shareable };
  return { ...judged, storing: storability, refusal: undefined, shareable };
}

/** What the rules need to judge a response to `x`. */
export function fillContext(x: Exchange, head: ResponseHead, times: FetchTimes): FillContext {
  return {
    request: x.request,
    target: x.target,
    head,
    scope: x.scope,
    policy: x.route.policy,
    requestedAt: times.sentAt,
    receivedAt: times.receivedAt,
  };
}

export interface Tagging {
  readonly tags: readonly string[];
  readonly tagIds: Int32Array;
  readonly versions: readonly { readonly tagIds: Int32Array; readonly version: number }[];
  /** Why nobody else may have what is so tagged. */
  readonly refusal: Reason | undefined;
}

/** The response's own tags, those of the route's templates, and the implicit ones. */
export function tagsOf(x: Exchange, head: ResponseHead): Tagging {
  const { tagHash } = x.parts;
  const stated = responseTags(head.fields, x.settings.config.tags);
  const templated = expandTemplates(x.route.tags, x.templateValues, x.target);
  if (stated.kind === 'refused' && stated.limit !== undefined) x.parts.observer.limitReached(stated.limit);
  if (stated.kind === 'refused') return { tags: [], tagIds: x.implicitTagIds, versions: [], refusal: stated.reason };
  if (templated.kind === 'missing') return { tags: [], tagIds: x.implicitTagIds, versions: [], refusal: 'tag-malformed' };

  const tags = [...new Set([...stated.tags, ...templated.tags])];
  const claimed = statedVersions(head.fields);
  // Where a version is wanted, a tag without one is older than any that a purge demanded.
  const silent = x.route.policy.storeUnversioned ? [] : tags.filter((tag) => !claimed.has(tag)).map((tag) => [tag, UNSTATED] as const);
  const versions = [...claimed, ...silent].map(([tag, version]) => ({ tagIds: tagHash.tagIds([tag]), version }));
  // A tag whose version is stated is a tag of the response, whether or not the origin lists it too.
  const own = [tagHash.tagIds(tags), tagHash.groupIds(x.target.authority, stated.groups), ...versions.map((version) => version.tagIds)];
  const tagIds = tagHash.join(x.implicitTagIds, ...own);
  return { tags, tagIds, versions, refusal: x.isOutdated ? 'purged-in-flight' : undefined };
}

const UNSTATED = -1;

/** What the marks and the demanded versions forbid to store. */
export function refusalByMarks(verdict: Verdict, tagging: Tagging, marks: Marks): Reason | undefined {
  if (verdict.kind === 'purged') return 'purged-in-flight';
  if (verdict.kind === 'held' || verdict.kind === 'uncoordinated') return verdict.kind;
  return marks.versionsAccepted(tagging.versions) ? undefined : 'version-behind';
}

function refusalBySize(head: ResponseHead, maxBytes: number): Reason | undefined {
  return Number(fieldValue(head.fields, 'content-length') ?? 0) > maxBytes ? 'too-large' : undefined;
}

/**
 * The hash table's own ids for a request: known before its response is, so a purge of them forks a flight at once (rule 4). What its scope rests on is
 * among them: a purge of that ends what is fetched on its ground, wherever it has got to.
 */
export function implicitTagIds(x: Pick<Exchange, 'target' | 'route' | 'scope'>, tagHash: TagHash): Int32Array {
  const { id: scopeId, claims, grounds } = x.scope;
  const own = tagHash.implicitTags({ target: x.target, routeName: x.route.name, scopeId, claims });
  return grounds === undefined ? own : tagHash.join(own, grounds.tagIds);
}

/** Whether the origin itself says that the answer is for others than those of the scope. What the scope rests on is then not believed any longer. */
export function statesOtherScope({ claims, grounds }: Scope, head: ResponseHead): boolean {
  if (grounds === undefined) return false;
  const stated = fieldLines(head.fields, AUTH_SCOPE);
  const differs = stated.length > 1 || (stated.length === 1 && stated[0] !== claims[0]?.[1]);
  if (differs) grounds.until = -Infinity;
  return differs;
}
