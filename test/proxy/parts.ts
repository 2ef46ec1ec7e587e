// Everything a request consults, without sockets: parts put together, a client that notes what it is told, an origin that a test plays by hand.
import { randomBytes } from 'node:crypto';
import { keying } from '../../src/config/keying.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Fields, fieldsOf, fieldValue } from '../../src/http/fields.ts';
import type { Request } from '../../src/http/message.ts';
import { trustedPeers } from '../../src/http/trusted.ts';
import type { Observer } from '../../src/observe/observer.ts';
import type { OriginCall, OriginHandler, OriginRequest, Origins } from '../../src/origin/exchange.ts';
import type { Client, WrittenAnswer } from '../../src/proxy/client.ts';
import { Flights } from '../../src/proxy/collapse.ts';
import { FillBudget } from '../../src/proxy/fill.ts';
import { handle } from '../../src/proxy/handle.ts';
import { noteLeaving } from '../../src/proxy/note-leaving.ts';
import type { Parts } from '../../src/proxy/parts.ts';
import { ScopeLookups } from '../../src/proxy/scope-lookup.ts';
import { viewsOf } from '../../src/proxy/settings.ts';
import type { Authority } from '../../src/purge/authority.ts';
import type { EffectObserver } from '../../src/observe/purge-effects.ts';
import { PurgeGate } from '../../src/purge/gate.ts';
import { PurgeEffects } from '../../src/observe/purge-effects.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';
import { Purger } from '../../src/purge/purge.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { SettableClock } from '../support/clock.ts';

const STORE_BYTES = 64 * 1024 * 1024;

export interface PartsOptions {
  /** YAML beside the one origin. */
  readonly config?: string;
  readonly clock?: SettableClock;
  readonly storeBytes?: number;
  /** Put between the store and everything that uses it. */
  readonly aroundStore?: (store: Store) => Store;
  /** The same for the authority. */
  readonly aroundAuthority?: (authority: ProcessAuthority) => Authority;
}

export function makeParts({
  config: yaml = '',
  clock = new SettableClock(1_000_000),
  storeBytes = STORE_BYTES,
  aroundStore = (store) => store,
  aroundAuthority = (authority) => authority,
}: PartsOptions = {}) {
  const config = loadConfig({ text: `origins: { shop: { url: "http://127.0.0.1:1" } }\n${yaml}`, env: {}, overrides: {} });
  const secret = randomBytes(32);
  const tagHash = new TagHash(secret);
  const store = new MemoryStore({ maxBytes: storeBytes, gaveWay: (key, response, reason) => gaveWay(key, response, reason) });
  const authority = new ProcessAuthority({ memoryBytes: 65_536, holdKeepMs: 0, exhausted: () => store.clear() });
  const observer = new Notes();
  const noted = new NotedEffects();
  const effects = new PurgeEffects({ traces: authority.marks, observer: noted });
  const gaveWay = noteLeaving(effects, clock);
  const purger = new Purger({
    authority: aroundAuthority(authority),
    tagHash,
    clock,
    observer,
    log: new PurgeLog(),
    normaliseUrl: (url) => [url],
    settleMs: config.purge.settleMs,
  });
  const purgeNames = { tagHeaders: config.tags.headers, scopes: ['authorization'] };
  const gate = { purge: purger.purge.bind(purger), names: () => purgeNames, refused: () => undefined };
  const tagHeaders = new Set(config.tags.headers);
  const settings = {
    config,
    keying: keying(config),
    trusted: trustedPeers([]),
    tagHeaders,
    views: viewsOf(config.tags.expose, tagHeaders),
    purgeNames,
  };
  const origin = new HandPlayedOrigin();
  const parts: Parts = {
    clock,
    store: aroundStore(store),
    marks: authority.marks,
    purger,
    purgeGate: new PurgeGate(gate),
    tagHash,
    origins: origin,
    observer,
    effects,
    flights: new Flights(),
    fillBudget: new FillBudget(storeBytes),
    lookups: new ScopeLookups(),
    secret,
    settings,
  };
  return { parts, clock, store, authority, tagHash, purger, origin, observer, noted };
}

/** Method and path, as a client of shop.example sends them. */
export function requestOf(line: string, fields: Fields = []): Request {
  const [method = '', path = ''] = line.split(' ');
  const target = { scheme: 'http', authority: 'shop.example', path, query: '' } as const;
  return { method, target, fields: ['host', 'shop.example', ...fields], version: '1.1', peerAddress: '127.0.0.1' };
}

/** Answered from the store or with 504; the origin is not asked. */
export async function askStored(parts: Parts, path: string): Promise<NotingClient> {
  const client = new NotingClient();
  handle(requestOf(`GET ${path}`, ['cache-control', 'only-if-cached']), client, parts);
  await client.ended;
  return client;
}

/** What was told to the operator and counted; the rest is let go. */
export class Notes implements Observer {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  readonly refused: string[] = [];
  readonly mismatched: string[] = [];
  stored = 0;
  refreshes = 0;

  requestEnded(): void {}
  originEnded(): void {}
  breakerChanged(): void {}
  purgeEnded(): void {}

  purgeUnconfirmed(): void {}
  followerCollapsed(): void {}
  scopeLookedUp(): void {}

  scopeMismatched(at: string): void {
    this.mismatched.push(at);
  }

  limitReached(): void {}
  info(): void {}

  fillRefused(reason: string): void {
    this.refused.push(reason);
  }

  fillStored(): void {
    this.stored++;
  }

  backgroundRefresh(): void {
    this.refreshes++;
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  error(message: string): void {
    this.errors.push(message);
  }
}

/** What purges were seen to do. */
export class NotedEffects implements EffectObserver {
  /** Mode and finder of each entry. */
  readonly found: string[] = [];
  readonly later: Record<string, number> = {};
  readonly sent: string[] = [];
  /** Mode and ms. */
  readonly fresh: (readonly [string, number])[] = [];
  readonly written: number[] = [];

  purgedEntryFound(mode: string, by: string): void {
    this.found.push(`${mode} ${by}`);
  }

  purgedEntriesLater(later: string, entries: number): void {
    this.later[later] = (this.later[later] ?? 0) + entries;
  }

  originAskedAfterPurge(mode: string): void {
    this.sent.push(mode);
  }

  freshAfterPurge(mode: string, durationMs: number): void {
    this.fresh.push([mode, durationMs]);
  }

  writePurged(durationMs: number): void {
    this.written.push(durationMs);
  }
}

/** Takes everything at once and never leaves. */
export class NotingClient implements Client {
  readonly gone = false;
  headSent = false;
  /** In order: statuses, then `end` or `cut`. */
  readonly told: (number | 'end' | 'cut')[] = [];
  fields: Fields = [];
  cacheStatus: string | undefined;
  body = '';
  readonly #ended = Promise.withResolvers<void>();

  /** Resolves with the end of its answer, or the cut. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  onGone(): void {}
  onDrain(): void {}

  informational(status: number): void {
    this.told.push(status);
  }

  head(status: number, _statusText: string, fields: Fields): void {
    this.headSent = true;
    this.told.push(status);
    this.fields = fields;
    this.cacheStatus = fieldValue(fields, 'cache-status');
  }

  write(chunk: Buffer): boolean {
    this.body += chunk.toString();
    return true;
  }

  end(): void {
    this.told.push('end');
    this.#ended.resolve();
  }

  answer(status: number, statusText: string, fields: Fields, body: Buffer | undefined): void {
    this.head(status, statusText, fields);
    if (body !== undefined) this.write(body);
    this.end();
  }

  answerLines({ status, statusText, lines, body }: WrittenAnswer): void {
    this.answer(status, statusText, fieldsOf(lines), typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
  }

  destroy(): void {
    this.told.push('cut');
    this.#ended.resolve();
  }
}

export interface Played {
  readonly request: OriginRequest;
  readonly handler: OriginHandler;
}

/** Answers nothing by itself: a test tells each handler what came. */
export class HandPlayedOrigin implements Origins {
  readonly asked: Played[] = [];
  #arrivals: (() => void)[] = [];

  fetch(_origin: string, request: OriginRequest, handler: OriginHandler): OriginCall {
    this.asked.push({ request, handler });
    for (const arrived of this.#arrivals.splice(0)) arrived();
    return { resume: () => undefined, abort: () => undefined };
  }

  /** The nth request, counted from 1, when it has come. */
  async nth(n: number): Promise<Played> {
    for (;;) {
      const played = this.asked[n - 1];
      if (played !== undefined) return played;
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }
}

/** A whole answer in one step. */
export function play({ handler }: Played, at: number, { status = 200, fields, body }: { status?: number; fields: Fields; body: string }): void {
  handler.sent(at);
  handler.head({ status, statusText: '', fields: [...fields, 'content-length', String(body.length)] }, at);
  handler.data(Buffer.from(body));
  handler.end('verified');
}
