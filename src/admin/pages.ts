// What is there to ask the admin listener, by which method, with which right? DESIGN section 2. One table.
import type { EventEndpoint } from '../events/endpoint.ts';
import type { EventSources } from '../events/sources.ts';
import type { Fields } from '../http/fields.ts';
import type { Request } from '../http/message.ts';
import type { Target } from '../http/target.ts';
import type { Answer } from '../purge/problem.ts';
import { answerOf } from '../purge/endpoint.ts';
import type { PurgeOutcome } from '../purge/order.ts';
import type { PurgeRecord } from '../purge/purge-log.ts';
import type { PurgeEffect } from '../observe/effect-ledger.ts';
import { json, problem } from './answer.ts';
import { deadPage, replayPage, unlessAway } from './events.ts';
import { type EntriesParts, listEntries } from './entries.ts';
import type { AdminTokens, Right } from './guard.ts';
import { readQuestion } from './question.ts';

/** What the admin listener shows and passes on to; app.ts supplies it. */
export interface AdminParts extends EntriesParts {
  /** Read for each request, so that a reload counts at once. */
  tokens(): AdminTokens;
  readonly purge: {
    method(request: { readonly target: Target; readonly fields: Fields; readonly actor: string }): Answer | Promise<Answer>;
    body(text: string, from: { readonly actor: string; readonly fields: Fields }): Answer | Promise<Answer>;
  };
  readonly events: { readonly endpoint: Pick<EventEndpoint, 'isSigned' | 'answer'>; readonly sources: EventSources };
  /** The last purges, newest first. */
  purges(): readonly PurgeRecord[];
  /** What one of them did to this store, as far as that is known. */
  effectOf(id: string): PurgeEffect | undefined;
  /** What became of a purge that was answered here lately; after `waitMs` as far as it is. */
  outcomeOf(id: string, waitMs: number): Promise<PurgeOutcome | undefined>;
  /** Who shares purges with this process. */
  nodes(): Promise<unknown>;
  /** The configuration in force, its secrets masked. */
  config(): unknown;
  /** Which routes emit which tags, and who ends them. */
  map(): Promise<unknown>;
  explain(request: Request): unknown;
  /** What audits have come to. */
  audits(): unknown;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  /** Whether new requests should be sent here. */
  ready(): boolean;
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
  error(message: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface Visit {
  readonly target: Target;
  readonly fields: Fields;
  /** Empty but for POST. */
  readonly body: string;
  /** The peer's address: who asks, for the log. */
  readonly actor: string;
  readonly isGone: () => boolean;
}

export interface Page {
  readonly right: Right | ((parts: AdminParts) => Right);
  /** Of its body, where that may be larger than those of others. */
  readonly maxBodyBytes?: number;
  /** A page for GET also takes HEAD. */
  readonly methods: readonly string[];
  readonly answer: (visit: Visit, parts: AdminParts) => Answer | Promise<Answer>;
}

const GET = ['GET', 'HEAD'];

/** Of a batch of events. */
const MAX_EVENTS_BYTES = 256 * 1024;

/** By path. Health and readiness need no token: they say nothing, and orchestrators have none. */
const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/v1/health', { right: 'none', methods: GET, answer: () => json({ status: 'ok' }) }],
  [
    '/v1/ready',
    { right: 'none', methods: GET, answer: (_visit, parts) => (parts.ready() ? json({ status: 'ready' }) : json({ status: 'not ready' }, 503)) },
  ],
  ['/metrics', { right: 'admin', methods: GET, answer: metricsPage }],
  ['/v1/entries', { right: 'admin', methods: GET, answer: (visit, parts) => listEntries(visit.target.query, parts, visit.isGone) }],
  ['/v1/purges', { right: 'admin', methods: GET, answer: (_visit, parts) => purgesPage(parts) }],
  ['/v1/audit', { right: 'admin', methods: GET, answer: (_visit, parts) => json(parts.audits()) }],
  ['/v1/config', { right: 'admin', methods: GET, answer: (_visit, parts) => json(parts.config()) }],
  ['/v1/purge', { right: 'purge', methods: ['POST'], answer: (visit, parts) => parts.purge.body(visit.body, visit) }],
  [
    '/v1/events',
    { right: eventRight, methods: ['POST'], maxBodyBytes: MAX_EVENTS_BYTES, answer: (visit, parts) => parts.events.endpoint.answer(visit) },
  ],
  ['/v1/events/dead', { right: 'admin', methods: GET, answer: (visit, parts) => unlessAway(deadPage(visit.target.query, parts.events.sources)) }],
  ['/v1/events/replay', { right: 'admin', methods: ['POST'], answer: (visit, parts) => unlessAway(replayPage(visit.body, parts.events.sources)) }],
  ['/v1/nodes', { right: 'admin', methods: GET, answer: async (_visit, parts) => json(await parts.nodes()) }],
  ['/v1/map', { right: 'admin', methods: GET, answer: async (_visit, parts) => json(await parts.map()) }],
  ['/v1/explain', { right: 'admin', methods: ['POST'], answer: explainPage }],
]);

/** PURGE is a method of every path. */
const PURGE_PAGE: Page = { right: 'purge', methods: ['PURGE'], answer: (visit, parts) => parts.purge.method(visit) };

const RECEIPT = '/v1/purges/';

/** One purge, by its id. */
const RECEIPT_PAGE: Page = { right: 'purge', methods: GET, answer: (visit, parts) => receiptPage(visit.target, parts) };

export function findPage(method: string, path: string): Page | undefined {
  if (method === 'PURGE') return PURGE_PAGE;
  return path.startsWith(RECEIPT) && path.length > RECEIPT.length ? RECEIPT_PAGE : PAGES.get(path);
}

export function rightOf({ right }: Page, parts: AdminParts): Right {
  return typeof right === 'function' ? right(parts) : right;
}

/** A good signature is what permits events where they must be signed. */
function eventRight({ events }: AdminParts): Right {
  return events.endpoint.isSigned ? 'none' : 'purge';
}

/** Longer than any confirmation takes. */
const LONGEST_WAIT_SECONDS = 10;

/** PURGE-PROTOCOL §4.8: `?wait=1` waits so many seconds for its confirmation. */
async function receiptPage({ path, query }: Target, parts: AdminParts): Promise<Answer> {
  const wait = query === '' ? '0' : /^\?wait=(\d{1,2})$/.exec(query)?.[1];
  if (wait === undefined || Number(wait) > LONGEST_WAIT_SECONDS) {
    return problem(
      'bad-request',
      `The query: found ${JSON.stringify(query.slice(0, 100))}; ?wait=0 to ?wait=${LONGEST_WAIT_SECONDS} (seconds) is allowed.`,
    );
  }
  const id = path.slice(RECEIPT.length);
  const outcome = await parts.outcomeOf(id, Number(wait) * 1_000);
  return outcome === undefined
    ? problem('not-found', `No purge ${JSON.stringify(id.slice(0, 100))} was answered here lately; ask the node that answered it.`)
    : answerOf(outcome);
}

/** Instants as in the log. */
function purgesPage(parts: AdminParts): Answer {
  return json({ purges: parts.purges().map((record) => ({ ...record, at: new Date(record.at).toISOString(), ...effectOf(record, parts) })) });
}

/** Of a purge that was confirmed. */
function effectOf({ id, state }: PurgeRecord, parts: AdminParts): { readonly effect?: PurgeEffect } {
  const effect = id === undefined || state !== 'confirmed' ? undefined : parts.effectOf(id);
  return effect === undefined ? {} : { effect };
}

async function metricsPage(_visit: Visit, parts: AdminParts): Promise<Answer> {
  return { status: 200, fields: ['content-type', 'text/plain; version=0.0.4; charset=utf-8'], body: await parts.metrics() };
}

async function explainPage(visit: Visit, parts: AdminParts): Promise<Answer> {
  const question = readQuestion(visit.body, visit.actor);
  return question.kind === 'refuse' ? problem('bad-request', question.message) : json(await parts.explain(question.request));
}
