import { describe, expect, it } from 'vitest';
import { DeadLetters } from '../../src/events/dead-letters.ts';
import { EventSources } from '../../src/events/sources.ts';
import type { Taken } from '../../src/events/intake.ts';
import type { DeadLetter, EventSource } from '../../src/events/source.ts';
import { event } from './event.ts';

const WHY = { why: ['id is missing'], at: 1_000 };

describe('dead letters', () => {
  it('are listed newest first, without their data', () => {
    const dead = new DeadLetters();
    dead.put(event({ id: '1', subject: 's', data: { secret: 1 } }), WHY);
    dead.put(event({ id: '2' }), { why: ['other'], at: 2_000 });
    const [second, first] = dead.list(10, 'newest');
    expect(second).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      event: { id: '2', source: '/shop', type: 'order.updated' },
      why: ['other'],
      at: 2_000,
    });
    expect(first?.event).toEqual({ id: '1', source: '/shop', type: 'order.updated', subject: 's' });
    expect(dead.list(1, 'newest')).toHaveLength(1);
    expect(dead.find(first?.id ?? '')).toEqual(event({ id: '1', subject: 's', data: { secret: 1 } }));
    expect(dead.find('nothing')).toBeUndefined();
  });

  it('are one for each event, the last time it came', () => {
    const dead = new DeadLetters();
    dead.put(event({ id: '1' }), WHY);
    dead.put(event({ id: '2' }), WHY);
    dead.put(event({ id: '1', data: { now: 1 } }), { ...WHY, at: 3_000 });
    expect(dead.list(10, 'newest').map(({ event: one, at }) => [one?.id, at])).toEqual([
      ['1', 3_000],
      ['2', 1_000],
    ]);
    expect(dead.count).toBe(2);
    dead.remove(event({ id: '1' }));
    dead.remove(event({ id: '9' }));
    expect(dead.list(10, 'newest').map(({ event: one }) => one?.id)).toEqual(['2']);
  });

  it('are a thousand at most', () => {
    const dead = new DeadLetters();
    for (let i = 0; i < 1_002; i++) dead.put(event({ id: `${i}` }), WHY);
    expect(dead.count).toBe(1_000);
    expect(dead.list(2_000, 'newest').at(-1)?.event?.id).toBe('2');
  });

  it('are so many bytes at most, and room that is given back is room again', () => {
    const dead = new DeadLetters();
    const large = 'x'.repeat(60_000);
    for (let i = 0; i < 300; i++) dead.put(event({ id: `${i}`, data: large }), WHY);
    expect(dead.count).toBe(139);
    for (let i = 0; i < 300; i++) dead.remove(event({ id: `${i}` }));
    for (let i = 0; i < 139; i++) dead.put(event({ id: `${i}`, data: large }), WHY);
    expect(dead.count).toBe(139);
  });
});

function letter([id, at]: readonly [string, number]): DeadLetter {
  return { id, at, event: undefined, why: [] };
}

/** A source with letters, whose replays end as `ends` says. */
function source(name: string, letters: readonly (readonly [id: string, at: number])[], ends: Readonly<Record<string, Taken['kind']>> = {}) {
  const calls: string[] = [];
  const made: EventSource = {
    name,
    open: () => (ends['open'] === 'failed' ? Promise.reject(new Error(`${name} cannot`)) : (calls.push('open'), Promise.resolve())),
    close: () => (calls.push('close'), Promise.resolve()),
    deadCount: letters.length,
    deadLetters: (most, from) => Promise.resolve((from === 'newest' ? letters : letters.toReversed()).slice(0, most).map(letter)),
    replay: (id) => {
      calls.push(`replay ${id}`);
      const kind = ends[id] ?? 'unmatched';
      const taken: Taken = kind === 'failed' ? { kind, why: 'unknown' } : { kind: 'unmatched' };
      return Promise.resolve(letters.some(([known]) => known === id) ? taken : undefined);
    },
  };
  return { made, calls };
}

describe('all sources', () => {
  it('list their letters together, newest first', async () => {
    const [a, b] = [
      source('a', [
        ['1', 30],
        ['2', 10],
      ]),
      source('b', [['3', 20]]),
    ];
    const sources = new EventSources([a.made, b.made]);
    expect((await sources.deadLetters(10, 'newest')).map(({ from, id }) => `${from} ${id}`)).toEqual(['a 1', 'b 3', 'a 2']);
    expect((await sources.deadLetters(2, 'newest')).map(({ id }) => id)).toEqual(['1', '3']);
    expect((await sources.deadLetters(10, 'newest', 'b')).map(({ id }) => id)).toEqual(['3']);
    expect(sources.deadCounts).toEqual([
      { source: 'a', count: 2 },
      { source: 'b', count: 1 },
    ]);
  });

  it('replay oldest first, up to the first that is not confirmed', async () => {
    const [a, b] = [
      source('a', [
        ['1', 30],
        ['2', 10],
      ]),
      source('b', [['3', 20]], { 3: 'failed' }),
    ];
    const replayed = await new EventSources([a.made, b.made]).replayAll(10);
    expect(replayed.map(({ source: from, id, taken }) => `${from} ${id} ${taken.kind}`)).toEqual(['a 2 unmatched', 'b 3 failed']);
    expect(a.calls).toEqual(['replay 2']);
    expect((await new EventSources([a.made, b.made]).replayAll(1)).map(({ id }) => id)).toEqual(['2']);
  });

  it('replay one by its id, wherever it is or where it is said to be', async () => {
    const sources = new EventSources([source('a', [['1', 30]]).made, source('b', [['1', 20]]).made]);
    expect((await sources.replay('1')).map((one) => one.source)).toEqual(['a', 'b']);
    expect((await sources.replay('1', 'b')).map((one) => one.source)).toEqual(['b']);
    expect(await sources.replay('2')).toEqual([]);
  });

  it('are closed again where one cannot open', async () => {
    const [a, b] = [source('a', []), source('b', [], { open: 'failed' })];
    await expect(new EventSources([a.made, b.made]).open()).rejects.toThrow('b cannot');
    expect([a.calls, b.calls]).toEqual([['open', 'close'], ['close']]);
  });
});
