// In which scope is this credential? The origin is asked, once for all requests that carry it, and its Auth-Scope is remembered as long as it says.
//
// The idea: an answer to such a question is kept like an entry. It has tags (its URL, its scope, the parts of the credential, and whatever the origin
// tags it with), it was asked for as of an epoch, and the marks are asked at each use. So a purge of `user:7`, of a session cookie or of a whole scope
// ends what was believed of it, and what was fetched on the ground of it: implicitTagIds joins the tags of the answer to those of the request.
// The races: a question under way when a purge comes (each use compares with the epoch before the question); a request that arrives while one is under
// way (it has that answer only where others may have it a moment later too, else it asks for itself).
// What must stay true: a credential selects only what was asked with that credential, at that host, behind the same claims of a trusted proxy; nothing
// but the credential is sent, so that nothing else can have selected the answer; whatever goes wrong gives no scope at all.
import { LRUCache } from 'lru-cache';
import type { ResponseHead } from '../http/message.ts';
import { fieldLines, hasField } from '../http/fields.ts';
import { SourceCounts } from '../identity/sources.ts';
import { responseTags, statedVersions } from '../purge/surrogate-keys.ts';
import { freshnessOf } from '../rules/freshness.ts';
import type { Reason } from '../rules/reasons.ts';
import { responseControl } from '../rules/response-control.ts';
import type { LookupRule } from '../rules/routes.ts';
import { variesOnMore } from '../rules/storability.ts';
import { varyNames } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import { lookupFields, lookupRequest } from './outbound.ts';
import { AUTH_SCOPE, credentialParts, type Grounds, keyedHash, lookupScope, type Scope, tupleOf } from './scope.ts';
import { askOrigin, type Asked } from './scope-question.ts';

export type LookedUp = { readonly kind: 'found'; readonly scope: Scope } | { readonly kind: 'refused'; readonly reason: Reason };

/** Of remembered answers: their tag ids, and a flat charge for each. */
const REMEMBERED_BYTES = 32 * 1024 * 1024;
const REMEMBERED_CHARGE_BYTES = 1000;
const MAX_QUESTIONS = 1024;
/** Parts of a credential by which it can be purged; who presents more is nobody. RFC 6265 §6.1 wants room for 50 cookies. */
const MAX_PARTS = 64;
const WARN_EVERY_MS = 10_000;

/** What an origin may say: 1 to 1024 visible characters, so that it can be written into a purge; spaces within are part of it. */
const SCOPE_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/;

export class ScopeLookups {
  readonly #remembered = new LRUCache<string, LookedUp & { readonly kind: 'found' }>({ maxSize: REMEMBERED_BYTES });
  readonly #pending = new Map<string, Promise<LookedUp>>();
  /** Questions under way, in all and by source. */
  #asking = 0;
  readonly #askingFor = new SourceCounts();
  #warnedAt = -Infinity;

  /** At once where the answer is remembered. Never rejects. */
  ask(x: Exchange, rule: LookupRule): LookedUp | Promise<LookedUp> {
    const key = questionKey(x, rule);
    const remembered = this.#recall(x, key);
    const { observer } = x.parts;
    if (remembered !== undefined) {
      observer.scopeLookedUp('remembered');
      return remembered;
    }
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      observer.scopeLookedUp('collapsed');
      return pending.then((looked) => (mayShare(looked) ? looked : this.#begin(x, rule, key)));
    }
    const asking = this.#begin(x, rule, key);
    if (!(asking instanceof Promise)) return asking;
    const answered = asking.finally(() => this.#pending.delete(key));
    this.#pending.set(key, answered);
    return answered;
  }

  /** One question more, where there is room for it. A trusted proxy speaks for many clients. */
  #begin(x: Exchange, rule: LookupRule, key: string): LookedUp | Promise<LookedUp> {
    const { observer } = x.parts;
    if (this.#asking >= MAX_QUESTIONS) {
      observer.limitReached('lookups');
      return { kind: 'refused', reason: 'lookup-busy' };
    }
    const { peerAddress } = x.request;
    if (this.#askingFor.of(peerAddress) >= x.settings.config.limits.lookupsPerAddress && !x.settings.trusted(peerAddress)) {
      observer.limitReached('limits.lookups_per_address');
      return { kind: 'refused', reason: 'lookup-busy-client' };
    }
    this.#asking++;
    this.#askingFor.add(peerAddress);
    return this.#ask(x, rule, key).finally(() => {
      this.#asking--;
      this.#askingFor.remove(peerAddress);
    });
  }

  /** The scope that is remembered of the request's credential, good or not. */
  believed(x: Exchange, rule: LookupRule): Scope | undefined {
    return this.#remembered.get(questionKey(x, rule))?.scope;
  }

  #recall(x: Exchange, key: string): LookedUp | undefined {
    const found = this.#remembered.get(key);
    if (found === undefined) return undefined;
    const { grounds } = found.scope;
    if (grounds !== undefined && x.now < grounds.until && x.parts.marks.gateEntry(grounds).kind === 'ok') return found;
    this.#remembered.delete(key);
    return undefined;
  }

  async #ask(x: Exchange, rule: LookupRule, key: string): Promise<LookedUp> {
    const asOf = x.parts.marks.epoch;
    x.parts.observer.scopeLookedUp('asked');
    const asked = await askOrigin(x, lookupRequest(x, rule));
    if (asked.kind === 'failed') return this.#refuse(x, rule, { reason: 'lookup-failed', why: asked.why });
    const fault = faultOf(x, asked.head);
    if (fault !== undefined) return this.#refuse(x, rule, fault);
    const found = foundIn(x, rule, { ...asked, asOf });
    if (found.kind === 'refused') return found;
    const { grounds } = found.scope;
    if (outlivesQuestion(grounds)) this.#remembered.set(key, found, { size: REMEMBERED_CHARGE_BYTES + grounds.tagIds.byteLength });
    return found;
  }

  /** Not a line a request: an origin that fails is asked often. */
  #refuse(x: Exchange, { path }: LookupRule, { reason, why }: Fault): LookedUp {
    const now = x.parts.clock.now();
    if (now - this.#warnedAt >= WARN_EVERY_MS) {
      this.#warnedAt = now;
      x.parts.observer.warn('a scope could not be looked up, so its requests are passed on uncached', { route: x.route.name, path, reason, why });
    }
    return { kind: 'refused', reason };
  }
}

/** A failure is everybody's who waited for it; an answer only where it lives longer than the question. */
function mayShare(looked: LookedUp): boolean {
  return looked.kind === 'refused' || outlivesQuestion(looked.scope.grounds);
}

function outlivesQuestion(grounds: Grounds | undefined): grounds is Grounds {
  return grounds !== undefined && grounds.until > grounds.receivedAt;
}

/** All that the answer may depend on. A hash: credentials are kept nowhere. */
function questionKey(x: Exchange, rule: LookupRule): string {
  const { scheme, authority } = x.target;
  const fields = lookupFields(x, rule);
  const parts: [string, string][] = [
    [x.route.origin, rule.path],
    [`${scheme}://${authority}`, x.forwardedKey],
  ];
  for (let i = 0; i < fields.length; i += 2) parts.push([fields[i] as string, fields[i + 1] as string]);
  return keyedHash(tupleOf(parts), x.parts.secret);
}

interface Fault {
  readonly reason: Reason;
  readonly why: string;
}

function faultOf({ settings }: Exchange, { status, fields }: ResponseHead): Fault | undefined {
  if (status !== 200 && status !== 204) return { reason: 'lookup-failed', why: `the origin answered ${status}` };
  const stated = fieldLines(fields, AUTH_SCOPE);
  if (stated.length !== 1) return unusable(`${stated.length} Auth-Scope fields; needed: one`);
  if (!SCOPE_TEXT.test(stated[0] ?? '')) return unusable('Auth-Scope is not 1 to 1024 visible ASCII characters');
  // It would not reach the client: a session that was renewed here would be lost.
  if (hasField(fields, 'set-cookie')) return unusable('the answer sets a cookie');
  const tags = responseTags(fields, settings.config.tags);
  return tags.kind === 'refused' ? unusable(`its tags: ${tags.reason}`) : undefined;
}

function unusable(why: string): Fault {
  return { reason: 'lookup-unusable', why };
}

type Answered = Asked & { readonly kind: 'answered' } & { readonly asOf: number };

/** Held and outdated answers are what a lagging replica says (PURGE-PROTOCOL §3.6): they are no ground for storing anything. */
function foundIn(x: Exchange, rule: LookupRule, answered: Answered): LookedUp {
  const { marks, tagHash } = x.parts;
  const { head, asOf, sentAt, receivedAt } = answered;
  const text = fieldLines(head.fields, AUTH_SCOPE)[0] ?? '';
  const parts = credentialParts(lookupFields(x, rule));
  if (parts.length > MAX_PARTS) return { kind: 'refused', reason: 'scope-unverified' };

  const versions = [...statedVersions(head.fields)].map(([tag, version]) => ({ tagIds: tagHash.tagIds([tag]), version }));
  if (!marks.versionsAccepted(versions)) return { kind: 'refused', reason: 'version-behind' };
  const stated = responseTags(head.fields, x.settings.config.tags);
  const tags = stated.kind === 'tags' ? [tagHash.tagIds(stated.tags), tagHash.groupIds(x.target.authority, stated.groups)] : [];
  const target = { ...x.target, path: rule.path, query: '' };
  const own = tagHash.implicitTags({ target, routeName: rule.path, scopeId: text, claims: [[AUTH_SCOPE, text], ...parts] });
  const tagIds = tagHash.join(own, ...tags, ...versions.map((version) => version.tagIds));
  if (marks.gate({ tagIds, asOf, sentAt }).kind === 'held') return { kind: 'refused', reason: 'held' };

  const grounds: Grounds = { tagIds, asOf, receivedAt, checkedAt: NEVER_CHECKED, until: believedUntil(x, answered) };
  return { kind: 'found', scope: lookupScope({ path: rule.path, origin: x.route.origin, text, grounds }, x.parts.secret) };
}

/** As long as the origin says, and not past this request where it says nothing, no-store, no-cache, or what contradicts itself, or was tagged by rules of before. */
function believedUntil({ route, isOutdated }: Exchange, { head, sentAt, receivedAt }: Answered): number {
  if (isOutdated) return receivedAt;
  const control = responseControl(head.fields);
  const { directives } = control;
  if (directives.malformed || directives.has('no-store') || directives.has('no-cache') || variesOnMore(varyNames(head.fields))) return receivedAt;
  // What the route says of its own responses is no word of the origin's.
  const { ttlMs: _, ...policy } = { ...route.policy, override: false, heuristicFraction: 0 };
  const { status, fields } = head;
  return freshnessOf({ status, fields, control, policy, requestedAt: sentAt, receivedAt })?.freshUntil ?? receivedAt;
}

/** Older than every epoch: its first use asks the marks. */
const NEVER_CHECKED = -1;
