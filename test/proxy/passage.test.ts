// Orders of events that no socket can be made to keep: a purge beside a write's own, no room for its settle window, and 1xx after an answer.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { OriginError } from '../../src/errors.ts';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import { handle } from '../../src/proxy/handle.ts';
import type { Authority, Patience } from '../../src/purge/authority.ts';
import { MAX_HOLDS } from '../../src/purge/holds.ts';
import { NOTHING } from '../../src/purge/order.ts';
import type { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { askStored, makeParts, NotingClient, play, type Played, requestOf } from './parts.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MANY = 100;

const FRESH: Fields = ['cache-control', 'max-age=60', 'surrogate-key', 'product:1'];

/** Confirms nothing before it is let. */
class SlowAuthority implements Authority {
  readonly name = 'process';
  readonly marks: Authority['marks'];
  readonly #inner: ProcessAuthority;
  readonly #let = Promise.withResolvers<void>();

  constructor(inner: ProcessAuthority) {
    this.#inner = inner;
    this.marks = inner.marks;
  }

  go(): void {
    this.#let.resolve();
  }

  async publish(publication: Parameters<Authority['publish']>[0]) {
    await this.#let.promise;
    return this.#inner.publish(publication);
  }

  publishHere(publication: Parameters<Authority['publishHere']>[0]) {
    return this.#inner.publishHere(publication);
  }
}

describe('the answer to a POST is kept beside its own purge, and beside no other', () => {
  const cases = [
    { name: 'no other', purged: [], entries: 1, later: 200 },
    { name: 'one of its tag', purged: ['product:1'], entries: 0, later: 504 },
    { name: 'one of another tag: it is not known which', purged: ['product:2'], entries: 0, later: 504 },
  ];

  it.each(cases)('$name', async ({ purged, entries, later }) => {
    let slow: SlowAuthority | undefined;
    const { parts, clock, store, authority, tagHash, origin } = makeParts({
      config: 'defaults: { store_post: true }',
      aroundAuthority: (inner) => (slow = new SlowAuthority(inner)),
    });
    const client = new NotingClient();
    handle(requestOf('POST /p'), client, parts);
    play(await origin.nth(1), clock.now(), { fields: [...FRESH, 'content-location', '/p'], body: 'posted' });
    if (purged.length > 0) authority.publish({ selectors: { tagIds: tagHash.tagIds(purged), all: false }, mode: 'hard', at: clock.now() });
    expect(client.told).toEqual([]);
    slow?.go();
    await client.ended;
    expect([client.told, client.body]).toEqual([[200, 'end'], 'posted']);
    expect(store.stats.entries).toBe(entries);

    expect((await askStored(parts, '/p')).told[0]).toBe(later);
  });
});

it('the answer to a POST whose end is not sure is not kept, and that is counted', async () => {
  const { parts, clock, store, origin, observer } = makeParts({ config: 'defaults: { store_post: true }' });
  const client = new NotingClient();
  handle(requestOf('POST /p'), client, parts);
  const { handler } = await origin.nth(1);
  handler.sent(clock.now());
  handler.head({ status: 200, statusText: '', fields: [...FRESH, 'content-location', '/p'] }, clock.now());
  handler.data(Buffer.from('posted'));
  handler.end('close-delimited');
  await client.ended;
  expect([client.body, store.stats.entries, observer.refused]).toEqual(['posted', 0, ['close-delimited']]);
});

it.each([
  { name: 'held for a while', fields: ['surrogate-key', 'product:1'] },
  { name: 'of an older version', fields: ['surrogate-key', 'product:1', 'surrogate-version', 'product:1=1'] },
])('who came after a purge gets no answer $name that was asked for before it, whatever was purged', async ({ fields }) => {
  const { parts, clock, purger, origin } = makeParts();
  const order = { ...NOTHING, kind: 'operator', actor: 'test' } as const;
  purger.purgeHere({ ...order, tags: ['product:1'], settleMs: 60_000 });
  const [before, after] = [new NotingClient(), new NotingClient()];
  handle(requestOf('GET /a'), before, parts);
  purger.purgeHere({ ...order, tags: ['other'] });
  handle(requestOf('GET /a'), after, parts);
  const answer = { fields: ['cache-control', 'max-age=60', ...fields] };
  play(await origin.nth(1), clock.now(), { ...answer, body: 'first' });
  await Promise.race([after.ended, origin.nth(2)]);
  expect(after.told).toEqual([]);
  play(await origin.nth(2), clock.now(), { ...answer, body: 'second' });
  await Promise.all([before.ended, after.ended]);
  expect([before.body, after.body]).toEqual(['first', 'second']);
});

it('a write for whose settle window there is no room purges all the same, and says so', async () => {
  const { parts, clock, origin, observer, purger, noted } = makeParts({
    config: 'purge: { settle: 2s }\nroutes: [{ path: "/products/:id", invalidates: ["product:{id}"] }]',
  });
  const first = new NotingClient();
  handle(requestOf('GET /a'), first, parts);
  play(await origin.nth(1), clock.now(), { fields: FRESH, body: 'old' });
  await first.ended;
  const held = Array.from({ length: MAX_HOLDS }, (_, i) => `held:${i}`);
  expect(purger.purgeHere({ ...NOTHING, kind: 'operator', actor: 'test', tags: held, settleMs: 60_000 }).kind).toBe('confirmed');

  const writing = new NotingClient();
  handle(requestOf('PUT /products/1'), writing, parts);
  play(await origin.nth(2), clock.now(), { fields: [], body: 'written' });
  await writing.ended;
  expect(writing.cacheStatus).toBe('freshet; fwd=method; fwd-status=200; detail=purge-unconfirmed');
  expect(observer.warnings).toEqual(['write purged without its settle window: out of holds']);
  expect(noted.written).toEqual([0]);

  const after = new NotingClient();
  handle(requestOf('GET /a'), after, parts);
  play(await origin.nth(3), clock.now(), { fields: FRESH, body: 'new' });
  await after.ended;
  expect([after.body, after.cacheStatus]).toEqual(['new', expect.stringContaining('stored; detail=purged')]);
});

it('a write whose purge is in doubt is answered so, once: whoever numbers purges goes on trying', async () => {
  const published: Patience[] = [];
  const { parts, clock, origin } = makeParts({
    aroundAuthority: (inner) => ({
      name: inner.name,
      marks: inner.marks,
      publishHere: (publication) => inner.publishHere(publication),
      publish: (_publication, patience) => {
        published.push(patience);
        return { kind: 'unknown' };
      },
    }),
  });
  const writing = new NotingClient();
  handle(requestOf('PUT /products/1'), writing, parts);
  play(await origin.nth(1), clock.now(), { fields: [], body: 'written' });
  await writing.ended;
  expect(writing.cacheStatus).toBe('freshet; fwd=method; fwd-status=200; detail=purge-unconfirmed');
  expect(published).toEqual([{ waitMs: 5_000, onFailure: 'retry' }]);
});

it('a variant that is purged does not hide an older one that the request selects too', async () => {
  const { parts, clock, authority, tagHash, origin } = makeParts({ config: 'defaults: { normalise: [accept-language] }' });
  const ask = (language: string, control: string): NotingClient => {
    const client = new NotingClient();
    handle(requestOf('GET /a', ['accept-language', language, 'cache-control', control]), client, parts);
    return client;
  };
  const varying: Fields = ['cache-control', 'max-age=60', 'vary', 'accept-language'];
  const older = ask('de', 'min-fresh=1');
  play(await origin.nth(1), clock.now(), { fields: [...varying, 'content-language', 'de'], body: 'older' });
  const newer = ask('de, en;q=0.5', 'no-cache');
  play(await origin.nth(2), clock.now(), { fields: [...varying, 'surrogate-key', 'product:1'], body: 'newer' });
  await Promise.all([older.ended, newer.ended]);
  authority.publish({ selectors: { tagIds: tagHash.tagIds(['product:1']), all: false }, mode: 'hard', at: clock.now() });
  const client = ask('de, en;q=0.5', 'only-if-cached');
  await client.ended;
  expect([client.body, client.cacheStatus]).toEqual(['older', 'freshet; hit; ttl=60']);
});

describe('1xx', () => {
  const EARLY = { status: 103, statusText: '', fields: ['link', '</a>'] };
  const FEW_SECONDS: Fields = ['cache-control', 'max-age=1, stale-while-revalidate=60'];

  it('before the head goes on to who leads', async () => {
    const { parts, clock, origin } = makeParts();
    const client = new NotingClient();
    handle(requestOf('GET /a'), client, parts);
    const asked = await origin.nth(1);
    asked.handler.informational(EARLY);
    play(asked, clock.now(), { fields: FEW_SECONDS, body: 'a' });
    await client.ended;
    expect(client.told).toEqual([103, 200, 'end']);
  });

  it('of a background refresh goes to nobody: its client has its answer', async () => {
    const { parts, clock, origin, observer } = makeParts();
    const first = new NotingClient();
    handle(requestOf('GET /a'), first, parts);
    play(await origin.nth(1), clock.now(), { fields: FEW_SECONDS, body: 'a' });
    await first.ended;
    clock.advance(2_000);
    const client = new NotingClient();
    handle(requestOf('GET /a'), client, parts);
    await client.ended;
    (await origin.nth(2)).handler.informational(EARLY);
    expect([client.told, observer.refreshes]).toEqual([[200, 'end'], 1]);
  });
});

it('followers of a private answer do not set out all at once', async () => {
  const { parts, clock, origin } = makeParts();
  const clients = Array.from({ length: 65 }, () => new NotingClient());
  for (const client of clients) handle(requestOf('GET /a'), client, parts);
  const answer = { fields: ['cache-control', 'private'], body: 'x' };
  play(await origin.nth(1), clock.now(), answer);
  // Between the first who goes by itself and the next, somebody else may run: here this test.
  await origin.nth(2);
  const together = origin.asked.length - 1;
  for (let nth = 2; nth <= 65; nth++) play(await origin.nth(nth), clock.now(), answer);
  await Promise.all(clients.map((client) => client.ended));
  expect([together <= 8, origin.asked.length]).toEqual([true, 65]);
});

it.each(['GET /a', 'POST /a'])('what waits for an origin when Freshet ends is worth asking again: %s', async (line) => {
  const { parts, origin } = makeParts();
  const client = new NotingClient();
  handle(requestOf(line), client, parts);
  (await origin.nth(1)).handler.failed(new OriginError('draining', 'Freshet is shutting down', { requestSent: false }));
  await client.ended;
  expect([client.told[0], client.cacheStatus]).toEqual([503, expect.stringMatching(/detail=draining$/)]);
  expect(fieldValue(client.fields, 'retry-after')).toBe('1');
});

it('a purge by another thread of a tag that only the 304 tells, just as it is taken in: what it freshened is not given', async () => {
  const { parts, clock, origin, observer, purger } = makeParts();
  const first = new NotingClient();
  handle(requestOf('GET /a'), first, parts);
  play(await origin.nth(1), clock.now(), { fields: ['cache-control', 'max-age=1', 'etag', '"1"'], body: 'old' });
  await first.ended;
  clock.advance(2_000);
  observer.fillStored = () => void purger.purgeHere({ ...NOTHING, kind: 'operator', actor: 'test', tags: ['product:1'] });
  const client = new NotingClient();
  handle(requestOf('GET /a'), client, parts);
  const { handler } = await origin.nth(2);
  handler.sent(clock.now());
  handler.head({ status: 304, statusText: '', fields: [...FRESH, 'etag', '"1"'] }, clock.now());
  handler.end('verified');
  await Promise.race([client.ended, origin.nth(3)]);
  expect([client.told, origin.asked.length]).toEqual([[], 3]);
});

it.each<{ how: string; end: (asked: Played) => void }>([
  { how: 'with an answer that is stored', end: (asked) => play(asked, 0, { fields: FRESH, body: 'a' }) },
  { how: 'with one that is not', end: (asked) => play(asked, 0, { fields: [], body: 'a' }) },
  { how: 'with none', end: ({ handler }) => handler.failed(new OriginError('origin-reset', 'reset', { requestSent: true })) },
])('fetches that ended $how are remembered no longer, nor who asked for them', async ({ end }) => {
  const { parts, origin } = makeParts();
  const clients: WeakRef<NotingClient>[] = [];
  for (let path = 0; path < MANY; path++) {
    const client = new NotingClient();
    clients.push(new WeakRef(client));
    handle(requestOf(`GET /${path}`), client, parts);
    end(await origin.nth(1));
    origin.asked.length = 0;
    await client.ended;
  }
  // What was looked at in this turn is kept in it.
  await turn();
  collectGarbage();
  expect(clients.filter((client) => client.deref() !== undefined).length).toBeLessThan(MANY / 2);
  expect(parts.flights.lastOrder).toBe(MANY);
});

/** Something that must not happen does, once its head is out. */
class FaultyClient extends NotingClient {
  override onDrain(): void {
    throw new Error('this client cannot wait');
  }
}

it('an impossible state in the middle of an answer cuts it, so that nobody takes it for whole', async () => {
  const { parts, clock, origin, observer } = makeParts();
  const client = new FaultyClient();
  handle(requestOf('GET /a'), client, parts);
  const { handler } = await origin.nth(1);
  handler.sent(clock.now());
  handler.head({ status: 200, statusText: '', fields: FRESH }, clock.now());
  await client.ended;
  expect([client.told, observer.errors]).toEqual([[200, 'cut'], ['a request ended in an impossible state']]);
});
