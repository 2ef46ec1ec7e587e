// The wall behind the key: a store that mixes keys up, a fetch that changes hands, a follower of another scope. None of it can be brought about from outside.
import { expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { commitFill } from '../../src/proxy/commit.ts';
import { Exchange } from '../../src/proxy/exchange.ts';
import { Flight } from '../../src/proxy/flight.ts';
import { handle } from '../../src/proxy/handle.ts';
import { judgeHead } from '../../src/proxy/landing.ts';
import { lookup } from '../../src/proxy/lookup.ts';
import { ANONYMOUS, credentialScope } from '../../src/proxy/scope.ts';
import { takingOf } from '../../src/proxy/taking.ts';
import type { Store } from '../../src/store/store.ts';
import { makeParts, NotingClient, type PartsOptions, play, requestOf } from './parts.ts';

const CONFIG = 'defaults: { scope: credential }';
const FRESH: Fields = ['cache-control', 'max-age=60'];
const MISS = 'freshet; fwd=uri-miss; fwd-status=200; stored';

function stage(options: PartsOptions = {}) {
  const made = makeParts({ config: CONFIG, ...options });
  const exchange = (user?: string): Exchange => {
    const x = new Exchange(requestOf('GET /a', user === undefined ? [] : ['authorization', user]), new NotingClient(), made.parts);
    x.enter(user === undefined ? ANONYMOUS : credentialScope([{ kind: 'authorization' }], x.request.fields, made.parts.secret));
    return x;
  };
  const ask = async (user: string, nth: number): Promise<NotingClient> => {
    const client = new NotingClient();
    handle(requestOf('GET /a', ['authorization', user]), client, made.parts);
    play(await made.origin.nth(nth), made.clock.now(), { fields: FRESH, body: `of ${user}` });
    await client.ended;
    return client;
  };
  return { ...made, exchange, ask };
}

const nothing = (): void => undefined;

/** Finds whatever was put first under whatever key it is asked for. */
function mixingUp(store: Store): Store {
  let first: string | undefined;
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'lookup') return () => target.lookup(first ?? '');
      if (name !== 'put') return Reflect.get(target, name).bind(target);
      const put: Store['put'] = (key, response, limits) => {
        first ??= key;
        return target.put(key, response, limits);
      };
      return put;
    },
  });
}

it('an entry of another scope that the store hands out is as good as none, and the operator hears of it', async () => {
  const { ask, observer } = stage({ aroundStore: mixingUp });
  expect((await ask('a', 1)).cacheStatus).toBe(MISS);
  expect(observer.mismatched).toEqual([]);
  const other = await ask('b', 2);
  expect(other).toMatchObject({ body: 'of b', cacheStatus: expect.stringContaining('fwd=') });
  expect(observer.mismatched).toEqual(['lookup']);
});

it('before it is settled whose a request is, nothing is looked up for it', () => {
  const { parts } = stage();
  const x = new Exchange(requestOf('GET /a'), new NotingClient(), parts);
  expect(() => lookup(x)).toThrow('identity is not settled');
});

it('what was fetched in one scope is not stored in another', () => {
  const { exchange, parts, clock, store, observer } = stage();
  const x = exchange('a');
  const times = { asOf: parts.marks.epoch, order: 1, sentAt: clock.now(), receivedAt: clock.now() };
  const judgement = judgeHead(x, { status: 200, statusText: '', fields: FRESH }, times);
  const commit = () => commitFill(x, judgement, Buffer.from('of a'), 'verified');
  x.enter(exchange('b').scope);
  expect(commit()).toEqual({ kind: 'refused', reason: 'scope-mismatch' });
  expect([observer.mismatched, store.stats.entries]).toEqual([['commit'], 0]);
  x.enter(exchange('a').scope);
  expect(commit()).toEqual({ kind: 'stored' });
});

it.each([
  { name: 'of another scope', user: 'b', taking: 'alone', mismatched: ['sharing'] },
  { name: 'without a credential', user: undefined, taking: 'alone', mismatched: ['sharing'] },
  { name: 'of its own scope', user: 'a', taking: 'take', mismatched: [] },
])('a follower $name: $taking', async ({ user, taking, mismatched }) => {
  const { exchange, origin, clock, observer } = stage();
  const request = { method: 'GET', path: '/a', fields: [] };
  const flight = new Flight(exchange('a'), { request, base: undefined, order: 1, collapseKey: 'a', onLanded: nothing, onEnded: nothing });
  flight.enter();
  flight.start();
  play(await origin.nth(1), clock.now(), { fields: FRESH, body: 'of a' });
  const landing = await flight.landed();
  expect(takingOf(exchange(user), { flight, role: 'follower', hitForMiss: false }, landing).kind).toBe(taking);
  expect(observer.mismatched).toEqual(mismatched);
});
