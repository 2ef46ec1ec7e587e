// PURGE-PROTOCOL §4.5: a request is answered from what was known once its barrier had passed, and from the origin where it failed.
import { describe, expect, it } from 'vitest';
import { handle } from '../../src/proxy/handle.ts';
import { askStored, makeParts, NotingClient, play, requestOf } from './parts.ts';

const FRESH = ['cache-control', 'max-age=60', 'surrogate-key', 'product:1'];

/** Barriers that pass or fail when the test says so. */
function barriers() {
  const asked: ((passed: boolean) => void)[] = [];
  const barrier = (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    asked.push(resolve);
    return promise;
  };
  return { barrier, land: (passed: boolean) => asked.shift()?.(passed), asked };
}

describe('a request in barrier mode', () => {
  it('waits for its barrier, and is judged by what was purged until then', async () => {
    const made = makeParts();
    const { barrier, land } = barriers();
    const parts = { ...made.parts, barrier };
    const first = new NotingClient();
    handle(requestOf('GET /p'), first, parts);
    expect(made.origin.asked).toEqual([]);
    land(true);
    play(await made.origin.nth(1), made.clock.now(), { fields: FRESH, body: 'one' });
    await first.ended;

    const second = new NotingClient();
    handle(requestOf('GET /p'), second, parts);
    made.authority.publish({ selectors: { tagIds: made.tagHash.tagIds(['product:1']), all: false }, mode: 'hard', at: made.clock.now() });
    land(true);
    play(await made.origin.nth(2), made.clock.now(), { fields: FRESH, body: 'two' });
    await second.ended;
    expect(second.body).toBe('two');
    expect((await askStored(made.parts, '/p')).told[0]).toBe(200);
  });

  it('goes to the origin where it failed, and what comes is not stored', async () => {
    const made = makeParts();
    const { barrier, land } = barriers();
    const parts = { ...made.parts, barrier };
    const client = new NotingClient();
    handle(requestOf('GET /p'), client, parts);
    land(false);
    play(await made.origin.nth(1), made.clock.now(), { fields: FRESH, body: 'one' });
    await client.ended;
    expect([client.body, made.store.stats.entries]).toEqual(['one', 0]);
  });

  it('a write asks for none', async () => {
    const made = makeParts();
    const { barrier, asked } = barriers();
    const client = new NotingClient();
    handle(requestOf('POST /p'), client, { ...made.parts, barrier });
    play(await made.origin.nth(1), made.clock.now(), { fields: [], body: 'done' });
    await client.ended;
    expect([client.body, asked.length]).toEqual(['done', 0]);
  });
});
