// One client request and what was settled about it: on arrival its route, target and epoch, and then its scope and with that its key.
import type { Fields } from '../http/fields.ts';
import { hopByHop, proxyClaims } from '../http/forwarding.ts';
import type { Request } from '../http/message.ts';
import type { Target } from '../http/target.ts';
import { keyedTarget, primaryKey } from '../rules/key.ts';
import type { View } from '../rules/packed-response.ts';
import { matchRoute, type Route, type RouteMatch } from '../rules/routes.ts';
import type { Client } from './client.ts';
import { implicitTagIds } from './landing.ts';
import type { Parts, Settings } from './parts.ts';
import { NO_SCOPE, type Scope } from './scope.ts';

/** How a request may fetch: joining others, by its own fetch that may be stored, or by one that may not (after waiting too long). */
export type FetchMode = 'shared' | 'solo' | 'unstored';

/** Later than every epoch: purges may have been confirmed that are not in the marks. */
const UNKNOWN_EPOCH = Number.POSITIVE_INFINITY;

export class Exchange {
  readonly parts: Parts;
  readonly settings: Settings;
  /** Its fields are the end-to-end ones: what Connection takes away the origin does not see, so it selects nothing (SECURITY S3). A PURGE ends here and keeps all. */
  readonly request: Request;
  /** Connection lists a field that must stay; then all its fields are there, and it is to be refused. */
  readonly nominates: boolean;
  readonly client: Client;
  readonly match: RouteMatch;
  /** As keyed and as forwarded: the route's query rule is applied. */
  readonly target: Target;
  readonly arrivedAt: number;
  /** The epoch when it arrived: no fetch sent before a purge that was published by then may answer it. */
  readonly arrivalEpoch: number;
  /** The last fetch that was started before it arrived: what was sent later is as new as it can ask for, whatever was purged (PURGE-PROTOCOL §4.6). */
  readonly arrivalOrder: number;
  /** The newest instant read for it; read again after each wait for an origin. */
  now: number;
  mode: FetchMode = 'shared';
  /** Whether other nodes need not be asked (any more). */
  askedOthers = false;
  /** How the purge was that ended what it came for, if one did. */
  endedBy: 'hard' | 'soft' | undefined;
  /** What it waited for was purged on its way, and is to be fetched once more. */
  isOvertaken = false;
  /** Fetches it waited for in vain: found purged, shared and not for it, or failed. */
  turns = 0;
  #scope = NO_SCOPE;
  #key = '';
  #implicitTagIds: Int32Array | undefined;

  constructor(request: Request, client: Client, parts: Parts) {
    this.parts = parts;
    this.settings = parts.settings;
    const hop = hopByHop(request.fields);
    this.nominates = hop.kind === 'nominates';
    this.request = hop.kind === 'ok' && request.method !== 'PURGE' ? withFields(request, hop.fields) : request;
    this.client = client;
    this.arrivedAt = parts.clock.now();
    this.now = this.arrivedAt;
    this.arrivalEpoch = parts.marks.isCoordinated ? parts.marks.epoch : UNKNOWN_EPOCH;
    this.arrivalOrder = parts.flights.lastOrder;
    const { routes, defaultRoute } = this.settings.config;
    this.match = matchRoute(routes, defaultRoute, request);
    this.target = keyedTarget(request.target, this.route.query);
  }

  /** Whether it goes by rules that a reload has replaced: a purge names otherwise what is fetched by them, and they may permit what is forbidden now. */
  get isOutdated(): boolean {
    return this.settings.keying !== this.parts.settings.keying;
  }

  /** Settles whose request it is. Until then its scope is NO_SCOPE, its key is empty, and nothing is looked up or stored for it. */
  enter(scope: Scope): void {
    this.#scope = scope;
    this.#key = primaryKey(scope.id, this.target, this.#specialOrigin) + this.forwardedKey;
    this.#implicitTagIds = undefined;
  }

  /** Whether what its scope rests on is still unpurged. To be asked in the same synchronous step as a lookup or the start of a fetch. */
  get scopeHolds(): boolean {
    const { grounds } = this.#scope;
    return grounds === undefined || this.parts.marks.gateEntry(grounds).kind === 'ok';
  }

  get scope(): Scope {
    return this.#scope;
  }

  get key(): string {
    return this.#key;
  }

  /** What the templates of its route are filled from. */
  get templateValues() {
    const { texts } = this.#scope;
    return { parameters: this.match.parameters, ...(texts === undefined ? {} : { claims: texts }) };
  }

  /** Routes of one path may go to several origins by their methods. */
  get #specialOrigin(): string | undefined {
    return this.route.origin === this.settings.config.defaultRoute.origin ? undefined : this.route.origin;
  }

  /** What a trusted proxy says of the client's side (scheme, host, prefix; not the address) reaches the origin, so it is part of the key: SECURITY S3. */
  get forwardedKey(): string {
    if (this.settings.config.trustedProxies.length === 0 || !this.settings.trusted(this.request.peerAddress)) return '';
    return proxyClaims(this.request.fields);
  }

  /** Which stored fields its client does not get as they are. */
  get view(): View {
    const { plain, controlled } = this.settings.views;
    return this.route.policy.clientCacheControl === 'origin' ? plain : controlled;
  }

  get route(): Route {
    return this.match.route;
  }

  /** Ids of what the entry is besides its tags: URL, host, prefixes, scope, route. */
  get implicitTagIds(): Int32Array {
    this.#implicitTagIds ??= implicitTagIds(this, this.parts.tagHash);
    return this.#implicitTagIds;
  }
}

/** Written out, since it is done for every request: a spread costs several times that. */
function withFields({ method, target, version, body, bodyBytes, peerAddress }: Request, fields: Fields): Request {
  return body === undefined
    ? { method, target, fields, version, peerAddress }
    : { method, target, fields, version, body, ...(bodyBytes === undefined ? {} : { bodyBytes }), peerAddress };
}
