// One audit, from the hit to the verdict: what it needs of the exchange, which is not kept, and what a report says of it.
import { withoutQueryValues } from '../observe/scrub.ts';
import type { OriginRequest } from '../origin/exchange.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { fieldLines, withoutFields } from '../http/fields.ts';
import { pathAndQuery } from '../http/target.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { fetchRequest } from '../proxy/outbound.ts';
import { escaped } from '../purge/purge-log.ts';
import { ageMs } from '../rules/freshness.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { shownPaths } from './changed-paths.ts';
import type { Content } from './content.ts';
import { contentOf } from './reading.ts';
import type { Difference } from './record.ts';
import { type Evidence, shownOf, type Verdict } from './verdict.ts';

export interface Audit {
  readonly origin: string;
  readonly request: OriginRequest;
  readonly route: string;
  readonly key: string;
  readonly stored: StoredResponse;
  readonly content: Content;
  readonly hitAt: number;
  readonly about: Pick<Difference, 'url' | 'scope' | 'ageMs'>;
  hits: number;
  /** Where it differed at first. */
  watch: Watch | undefined;
}

export interface Watch {
  /** What the first reading said. */
  readonly first: Content;
  evidence: Evidence;
  isReading: boolean;
  /** Its window was over, and it still answered. */
  isLate: boolean;
  /** Why the last reading came to nothing. */
  unread: Unread | undefined;
  /** When it may be read again, epoch ms. */
  notBefore: number;
}

/** How a reading ends that says nothing. */
export type Unread = Extract<Verdict, 'failed' | 'skipped'>;

export function auditOf(x: Exchange, stored: StoredResponse): Audit {
  const { target, now } = x;
  return {
    origin: x.route.origin,
    request: asked(fetchRequest(x, { kind: 'own' })),
    route: x.route.name,
    key: x.key,
    stored,
    content: contentOf(stored, stored.body),
    hitAt: now,
    about: { url: target.authority + withoutQueryValues(pathAndQuery(target)), scope: x.scope.kind, ageMs: Math.round(ageMs(stored, now)) },
    hits: 1,
    watch: undefined,
  };
}

/** The client got an answer, so what it wants from caches alone (RFC 9111 §5.2.1.7) is done; an origin that is one would answer 504. */
function asked(request: OriginRequest): OriginRequest {
  const isCachesOnly = parseCacheControl(fieldLines(request.fields, 'cache-control')).has('only-if-cached');
  return isCachesOnly ? { ...request, fields: withoutFields(request.fields, CACHE_CONTROL) } : request;
}

const CACHE_CONTROL: ReadonlySet<string> = new Set(['cache-control']);

/** Paths in a report. */
const MOST_SHOWN = 20;
/** As in the log of purges. */
const TAG_LENGTH = 100;

export function differenceOf({ stored, hitAt, about }: Audit, { first, evidence }: Pick<Watch, 'first' | 'evidence'>, worker: number): Difference {
  const { order, receivedAt, tags } = stored;
  return {
    ...about,
    entry: `${worker}.${order}.${receivedAt}`,
    hitAt,
    fetchedAt: receivedAt,
    tags: tags.map((tag) => escaped(tag, TAG_LENGTH)),
    changed: shownPaths(shownOf(evidence)).slice(0, MOST_SHOWN),
    statuses: [stored.status, first.status],
  };
}
