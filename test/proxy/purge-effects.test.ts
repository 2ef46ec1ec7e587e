// What purges did, as a request meets it: which are to blame for a miss, and what is noted of it. No sweep runs here but where a test makes one.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { handle } from '../../src/proxy/handle.ts';
import { NOTHING, type PurgeOrder } from '../../src/purge/order.ts';
import { uncoordinated } from '../../src/purge/uncoordinated.ts';
import { Sweeper } from '../../src/purge/sweeper.ts';
import { askStored, makeParts, NotingClient, type PartsOptions, play, requestOf } from './parts.ts';

const TAGGED: Fields = ['cache-control', 'max-age=60', 'surrogate-key', 'a'];

function setUp(options: PartsOptions = {}) {
  const made = makeParts(options);
  const { parts, origin, clock, purger, store, authority } = made;
  let asked = 0;
  /** A request that goes to the origin, answered whole. */
  const fetch = async (line: string, fields: Fields = TAGGED, sent: Fields = []): Promise<NotingClient> => {
    const client = new NotingClient();
    handle(requestOf(line, sent), client, parts);
    play(await origin.nth(++asked), clock.now(), { fields, body: `fetch ${asked}` });
    await client.ended;
    return client;
  };
  const purge = (given: Partial<PurgeOrder>) => purger.purge({ ...NOTHING, kind: 'operator', actor: 'test', tags: ['a'], ...given });
  const sweep = () => new Sweeper({ store, marks: authority.marks, found: parts.effects }).sweepSlice(clock.now());
  return { ...made, fetch, purge, sweep };
}

describe('a request after a purge', () => {
  it('finds the entry purged, goes to the origin for it, and what is stored then is as late as that', async () => {
    const { noted, clock, fetch, purge, parts } = setUp();
    await fetch('GET /a');
    expect([noted.found, noted.sent, noted.fresh]).toEqual([[], [], []]);
    await purge({});
    clock.advance(250);
    await fetch('GET /a');
    expect([noted.found, noted.later, noted.sent, noted.fresh]).toEqual([['hard request'], { asked: 1 }, ['hard'], [['hard', 250]]]);
    expect(parts.effects.report()?.deltas).toEqual([{ epoch: 1, entries: 1, requests: 1, freshAt: clock.now() }]);
    await askStored(parts, '/a');
    expect([noted.found.length, noted.sent.length, parts.effects.report()]).toEqual([1, 1, undefined]);
  });

  it('is known to come for what the sweep removed, until something fresh is stored', async () => {
    const { noted, clock, fetch, purge, sweep } = setUp();
    await fetch('GET /a');
    await purge({ all: true, tags: [] });
    sweep();
    expect([noted.found, noted.later]).toEqual([['hard sweep'], {}]);
    await fetch('GET /b');
    expect([noted.sent, noted.later]).toEqual([[], {}]);
    clock.advance(40);
    await fetch('GET /a', ['cache-control', 'no-store']);
    clock.advance(40);
    await fetch('GET /a');
    expect([noted.found, noted.later, noted.sent, noted.fresh]).toEqual([['hard sweep'], { asked: 1 }, ['hard', 'hard'], [['hard', 80]]]);
  });

  it('that was stale by itself blames no soft purge', async () => {
    const { noted, clock, fetch, purge, sweep } = setUp();
    await fetch('GET /a', ['cache-control', 'max-age=60, stale-if-error=600', 'surrogate-key', 'a']);
    clock.advance(60_000);
    await purge({ mode: 'soft' });
    await fetch('GET /a');
    expect([noted.found, noted.sent]).toEqual([['soft replacement'], []]);
    sweep();
    expect(noted.found).toEqual(['soft replacement']);
  });

  it('that a soft purge sends to the origin says so, and counts the entry once', async () => {
    const { noted, clock, fetch, purge, sweep } = setUp();
    await fetch('GET /a');
    await purge({ mode: 'soft' });
    sweep();
    sweep();
    clock.advance(30);
    await fetch('GET /a');
    expect([noted.found, noted.later, noted.sent, noted.fresh]).toEqual([['soft sweep'], { asked: 1 }, ['soft'], [['soft', 30]]]);
  });

  it('that is answered stale meanwhile has made a refresh', async () => {
    const { noted, clock, fetch, purge, origin } = setUp();
    await fetch('GET /a', ['cache-control', 'max-age=60, stale-while-revalidate=60', 'surrogate-key', 'a']);
    await purge({ mode: 'soft' });
    clock.advance(20);
    const client = await fetch('GET /a');
    expect([client.body, origin.asked.length]).toEqual(['fetch 1', 2]);
    expect([noted.found, noted.sent, noted.fresh]).toEqual([['soft request'], ['soft'], [['soft', 20]]]);
  });

  it('that goes on since nobody knows what was purged blames no purge', async () => {
    const { noted, clock, fetch, purge, sweep, parts, origin } = setUp();
    await fetch('GET /a');
    await purge({ mode: 'soft' });
    sweep();
    const client = new NotingClient();
    handle(requestOf('GET /a'), client, { ...parts, marks: uncoordinated(parts.marks) });
    play(await origin.nth(2), clock.now(), { fields: TAGGED, body: 'passed' });
    await client.ended;
    expect([client.body, noted.sent, noted.later]).toEqual(['passed', [], {}]);
  });
});

it('what takes the place of a purged entry that nobody found has found it', async () => {
  const { noted, fetch, purge } = setUp({ config: 'defaults: { store_post: true }' });
  await fetch('GET /p');
  await purge({});
  await fetch('POST /p', [...TAGGED, 'content-location', '/p']);
  expect(noted.found).toEqual(['hard replacement']);
});

it('what leaves for room was found, where it was purged', async () => {
  const { noted, fetch, purge } = setUp({ storeBytes: 4_000 });
  for (const path of ['/a', '/b']) await fetch(`GET ${path}`);
  await purge({});
  for (let i = 0; i < 10; i++) await fetch(`GET /${i}`, ['cache-control', 'max-age=60']);
  expect(noted.found).toEqual(['hard eviction', 'hard eviction']);
});

it('what a validation can no more confirm was found, where it was purged meanwhile', async () => {
  const { noted, clock, fetch, purge, parts, origin } = setUp();
  await fetch('GET /a', ['cache-control', 'max-age=60', 'surrogate-key', 'a', 'etag', '"1"']);
  clock.advance(60_001);
  const client = new NotingClient();
  handle(requestOf('GET /a'), client, parts);
  const validation = await origin.nth(2);
  await purge({});
  play(validation, clock.now(), { status: 304, fields: ['etag', '"1"'], body: '' });
  play(await origin.nth(3), clock.now(), { fields: TAGGED, body: 'anew' });
  await client.ended;
  expect([client.body, noted.found]).toEqual(['anew', ['hard replacement']]);
});

it('a write through Freshet takes from its answer to the confirmation of its purge', async () => {
  const { noted, fetch } = setUp();
  await fetch('GET /a');
  expect(noted.written).toEqual([]);
  await fetch('PUT /a');
  expect(noted.written).toEqual([0]);
});
