// src/proxy/explain.ts: looking at the store changes nothing in it, neither the order of use nor what a purge has ended.
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { trustedPeers } from '../../src/http/trusted.ts';
import type { Request } from '../../src/http/message.ts';
import { Flights } from '../../src/proxy/collapse.ts';
import { explain } from '../../src/proxy/explain.ts';
import { FillBudget } from '../../src/proxy/fill.ts';
import type { Parts } from '../../src/proxy/parts.ts';
import { ScopeLookups } from '../../src/proxy/scope-lookup.ts';
import { viewsOf } from '../../src/proxy/settings.ts';
import { PurgeGate } from '../../src/purge/gate.ts';
import { NOTHING } from '../../src/purge/order.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';
import { Purger } from '../../src/purge/purge.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { entry } from '../store/entry.ts';
import { SettableClock } from '../support/clock.ts';
import { PurgeEffects } from '../../src/observe/purge-effects.ts';
import { NotedEffects } from './parts.ts';

const NOW = 1_000_000;
const BODY_BYTES = 10_000;
/** Two entries fit, a third does not. */
const STORE_BYTES = 30_000;

const ignore = (): void => undefined;

/** Everything that a request consults, without a listener, an origin or a sweep. */
function setUp() {
  const clock = new SettableClock(NOW);
  const secret = randomBytes(32);
  const tagHash = new TagHash(secret);
  const store = new MemoryStore({ maxBytes: STORE_BYTES });
  const authority = new ProcessAuthority({ memoryBytes: 65_536, holdKeepMs: 0, exhausted: ignore });
  const observer = {
    requestEnded: ignore,
    originEnded: ignore,
    breakerChanged: ignore,
    purgeEnded: ignore,
    purgeUnconfirmed: ignore,
    fillRefused: ignore,
    fillStored: ignore,
    followerCollapsed: ignore,
    backgroundRefresh: ignore,
    scopeLookedUp: ignore,
    scopeMismatched: ignore,
    limitReached: ignore,
    warn: ignore,
    info: ignore,
    error: ignore,
  };
  const purger = new Purger({ authority, tagHash, clock, observer, log: new PurgeLog(), normaliseUrl: (url) => [url], settleMs: 0 });
  const config = loadConfig({ text: 'origins: { shop: { url: "http://127.0.0.1:1" } }', env: {}, overrides: {} });
  const purgeNames = { tagHeaders: [], scopes: [] };
  const parts: Parts = {
    clock,
    store,
    effects: new PurgeEffects({ traces: authority.marks, observer: new NotedEffects() }),
    marks: authority.marks,
    purger,
    purgeGate: new PurgeGate({ purge: (order) => purger.purge(order), names: () => purgeNames, refused: ignore }),
    tagHash,
    origins: {
      fetch: () => {
        throw new Error('explain asked the origin');
      },
    },
    observer,
    flights: new Flights(),
    fillBudget: new FillBudget(STORE_BYTES),
    lookups: new ScopeLookups(),
    secret,
    settings: { config, keying: '', trusted: trustedPeers([]), tagHeaders: new Set(), views: viewsOf(false, new Set()), purgeNames },
  };
  const ask = (path: string) => explain(request(path), parts);
  const put = async (path: string, tag: string) =>
    store.put((await ask(path)).key, entry({ body: Buffer.alloc(BODY_BYTES), tags: [tag], tagIds: tagHash.tagIds([tag]) }), { maxVariants: 1 });
  return { store, purger, ask, put };
}

function request(path: string): Request {
  const target = { scheme: 'http', authority: 'shop.example', path, query: '' } as const;
  return { method: 'GET', target, fields: ['host', 'shop.example'], version: '1.1', peerAddress: '127.0.0.1' };
}

it('is no use of an entry: the one not used for longest is evicted still', async () => {
  const { ask, put } = setUp();
  await put('/a', 'a');
  await put('/b', 'b');
  expect(await ask('/a')).toMatchObject({ decision: 'hit', stored: [{ bytes: BODY_BYTES }] });
  await put('/c', 'c');
  const stored = await Promise.all(['/a', '/b', '/c'].map(async (path) => (await ask(path)).stored.length));
  expect(stored).toEqual([0, 1, 1]);
});

it('shows what a purge has ended, again and again, and leaves it to the sweep', async () => {
  const { store, purger, ask, put } = setUp();
  await put('/a', 'a');
  purger.purgeHere({ ...NOTHING, kind: 'operator', actor: 'test', tags: ['a'] });
  for (let again = 0; again < 2; again++) expect(await ask('/a')).toMatchObject({ reason: 'purged', stored: [{ verdict: 'purged' }] });
  expect([store.stats.entries, store.stats.removals.purged]).toEqual([1, 0]);
});
