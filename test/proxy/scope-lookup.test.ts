// Lookups without sockets: what no socket keeps apart, such as a purge in the very step in which an answer arrives, and the bounds.
import { expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { handle } from '../../src/proxy/handle.ts';
import type { PurgeOrder } from '../../src/purge/order.ts';
import { NOTHING } from '../../src/purge/order.ts';
import { makeParts, NotingClient, type Played, play, requestOf } from './parts.ts';

const CONFIG = 'defaults: { scope: { lookup: /_scope }, store_post: true }';
const GOLD = { fields: ['auth-scope', 'gold', 'cache-control', 'max-age=60', 'surrogate-key', 'user:1'], body: '' };
const ORDER: PurgeOrder = { ...NOTHING, kind: 'operator', actor: 'test', tags: ['user:1'], settleMs: 0 };

function stage() {
  const made = makeParts({ config: CONFIG });
  const ask = (line: string, fields: Fields): NotingClient => {
    const client = new NotingClient();
    handle(requestOf(line, fields), client, made.parts);
    return client;
  };
  const answer = (played: Played, given: Parameters<typeof play>[2]): void => play(played, made.clock.now(), given);
  return { ...made, ask, answer };
}

it.each(['hard', 'soft'] as const)('a %s purge in the step in which the answer arrives is seen by a read: it is asked anew', async (mode) => {
  const { ask, answer, origin, purger } = stage();
  const client = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  purger.purgeNow({ ...ORDER, mode });
  expect((await origin.nth(2)).request.path).toBe('/_scope');
  answer(await origin.nth(2), GOLD);
  answer(await origin.nth(3), { fields: ['cache-control', 'max-age=60'], body: 'a' });
  await client.ended;
  expect(client.cacheStatus).toBe('freshet; fwd=uri-miss; fwd-status=200; stored');
});

it('and by a write whose answer could be kept: it is not', async () => {
  const { ask, answer, origin, purger, observer } = stage();
  const client = ask('POST /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  purger.purgeNow(ORDER);
  answer(await origin.nth(2), { fields: ['cache-control', 'max-age=60', 'content-location', '/a'], body: 'a' });
  await client.ended;
  expect(observer.stored).toBe(0);
});

it('without that purge it is kept', async () => {
  const { ask, answer, origin, observer } = stage();
  const client = ask('POST /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  answer(await origin.nth(2), { fields: ['cache-control', 'max-age=60', 'content-location', '/a'], body: 'a' });
  await client.ended;
  expect(observer.stored).toBe(1);
});

it('over 1024 questions at once the next request is passed on, and the operator hears of failures once in a while', async () => {
  const { ask, answer, origin, observer } = stage();
  for (let i = 0; i < 1024; i++) ask('GET /a', ['cookie', `s=${i}`]);
  expect(origin.asked).toHaveLength(1024);
  const client = ask('GET /a', ['cookie', 's=1024']);
  expect((await origin.nth(1025)).request.path).toBe('/a');
  answer(await origin.nth(1025), { fields: [], body: 'passed' });
  await client.ended;
  expect(client.cacheStatus).toBe('freshet; fwd=bypass; fwd-status=200; detail=lookup-busy');
  for (const played of origin.asked.slice(0, 1024)) answer(played, { status: 500, fields: [], body: '' });
  await origin.nth(2049);
  expect(observer.warnings).toEqual(['a scope could not be looked up, so its requests are passed on uncached']);
});

it('a client that leaves while it is asked for is answered nothing, and what the origin said is kept', async () => {
  const { ask, answer, origin } = stage();
  const leaving = ask('GET /a', ['cookie', 's=1']);
  Object.defineProperty(leaving, 'gone', { value: true });
  answer(await origin.nth(1), GOLD);
  const client = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(2), { fields: [], body: 'a' });
  await client.ended;
  expect([origin.asked.map(({ request }) => request.path), leaving.told]).toEqual([['/_scope', '/a'], []]);
});
