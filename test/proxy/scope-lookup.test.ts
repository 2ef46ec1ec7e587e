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
  const ask = (line: string, fields: Fields, peerAddress = '127.0.0.1'): NotingClient => {
    const client = new NotingClient();
    handle({ ...requestOf(line, fields), peerAddress }, client, made.parts);
    return client;
  };
  const answer = (played: Played, given: Parameters<typeof play>[2]): void => play(played, made.clock.now(), given);
  return { ...made, ask, answer };
}

it.each(['hard', 'soft'] as const)('a %s purge in the step in which the answer arrives is seen by a read: it is asked anew', async (mode) => {
  const { ask, answer, origin, purger } = stage();
  const client = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  purger.purgeHere({ ...ORDER, mode });
  expect((await origin.nth(2)).request.path).toBe('/_scope');
  answer(await origin.nth(2), GOLD);
  answer(await origin.nth(3), { fields: ['cache-control', 'max-age=60'], body: 'a' });
  await client.ended;
  expect(client.cacheStatus).toBe('freshet; fwd=uri-miss; fwd-status=200; stored');
});

it('what is asked for by rules that a reload has replaced meanwhile is believed for that request alone', async () => {
  const { ask, answer, origin, parts, purger } = stage();
  const before = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  parts.settings = { ...parts.settings, keying: 'other' };
  purger.purgeHere({ ...ORDER, all: true });
  answer(await origin.nth(2), GOLD);
  answer(await origin.nth(3), { fields: ['cache-control', 'max-age=60'], body: 'a' });
  await before.ended;
  ask('GET /a', ['cookie', 's=1']);
  await origin.nth(4);
  expect([origin.asked.map(({ request }) => request.path), before.cacheStatus]).toEqual([
    ['/_scope', '/_scope', '/a', '/_scope'],
    'freshet; fwd=uri-miss; fwd-status=200; detail=purged-in-flight',
  ]);
});

it('and by a write whose answer could be kept: it is not', async () => {
  const { ask, answer, origin, purger, observer } = stage();
  const client = ask('POST /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  purger.purgeHere(ORDER);
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
  for (let i = 0; i < 1024; i++) ask('GET /a', ['cookie', `s=${i}`], `192.0.2.${i % 8}`);
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

it.each([
  { name: 'an address', one: '192.0.2.1', same: '::ffff:192.0.2.1', other: '192.0.2.2' },
  { name: 'an IPv6 /64', one: '2001:db8::1', same: '2001:db8::ffff:1', other: '2001:db8:0:1::1' },
])('over 128 questions at once for $name its next request is passed on, and those of others are not', async ({ one, same, other }) => {
  const { ask, answer, origin } = stage();
  for (let i = 0; i < 128; i++) ask('GET /a', ['cookie', `s=${i}`], one);
  // One that is being asked already is no question more.
  ask('GET /a', ['cookie', 's=1'], one);
  const client = ask('GET /a', ['cookie', 's=128'], same);
  answer(await origin.nth(129), { fields: [], body: 'passed' });
  await client.ended;
  expect(client.cacheStatus).toBe('freshet; fwd=bypass; fwd-status=200; detail=lookup-busy-client');
  ask('GET /a', ['cookie', 's=128'], other);
  expect((await origin.nth(130)).request.path).toBe('/_scope');
  answer(await origin.nth(1), { status: 500, fields: [], body: '' });
  await origin.nth(131);
  ask('GET /a', ['cookie', 's=129'], one);
  expect((await origin.nth(132)).request.path).toBe('/_scope');
});

it('who waited for an answer that is for one request only, and asks for itself, is counted too', async () => {
  const { ask, answer, origin } = stage();
  for (let i = 0; i < 140; i++) ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(1), { fields: ['auth-scope', 'gold'], body: '' });
  await origin.nth(141);
  const paths = origin.asked.slice(1, 141).map(({ request }) => request.path);
  expect(paths.filter((path) => path === '/_scope')).toHaveLength(128);
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

it('and the same where it leaves while it is asked for anew', async () => {
  const { ask, answer, origin, purger, observer } = stage();
  const leaving = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(1), GOLD);
  purger.purgeHere(ORDER);
  const anew = await origin.nth(2);
  Object.defineProperty(leaving, 'gone', { value: true });
  answer(anew, GOLD);
  const client = ask('GET /a', ['cookie', 's=1']);
  answer(await origin.nth(3), { fields: [], body: 'a' });
  await client.ended;
  expect([leaving.told, observer.errors]).toEqual([[], []]);
});
