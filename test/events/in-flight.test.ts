// What is read and not acknowledged: tried until it is over, in the order of its subject, and given back untouched at the end.
import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BacklogGauge } from '../../src/events/backlog.ts';
import { retryAfterMs } from '../../src/events/backoff.ts';
import type { Event } from '../../src/events/event.ts';
import { InFlight } from '../../src/events/in-flight.ts';
import type { Taken } from '../../src/events/intake.ts';
import { Trouble } from '../../src/events/trouble.ts';

const FAILED: Taken = { kind: 'failed', why: 'unknown' };

function event(id: string, subject?: string): { readonly kind: 'event'; readonly event: Event } {
  return { kind: 'event', event: { id, source: 's', type: 't', ...(subject !== undefined && { subject }) } };
}

interface Bench {
  readonly inFlight: InFlight;
  /** What was asked for, in order. */
  readonly asked: string[];
  /** Resolves when so many have settled. */
  readonly settled: (count: number) => Promise<void>;
}

function bench(answer: (id: string, nth: number) => Taken | Promise<Taken>, pause = () => Promise.resolve()): Bench {
  const asked: string[] = [];
  const ends = new EventEmitter();
  const counted = { ends: 0 };
  const inFlight = new InFlight({
    intake: {
      take: async ({ id }) => {
        asked.push(id);
        return answer(id, asked.filter((one) => one === id).length);
      },
      malformed: () => undefined,
    },
    name: 'test',
    pause,
    settled: () => {
      counted.ends++;
      ends.emit('one');
    },
  });
  const settled = async (wanted: number): Promise<void> => {
    while (counted.ends < wanted) await once(ends, 'one');
  };
  return { inFlight, asked, settled };
}

describe('what is in flight', () => {
  it.each<[Taken, 'done' | 'faulty']>([
    [{ kind: 'unmatched' }, 'done'],
    [{ kind: 'duplicate' }, 'done'],
    [{ kind: 'rejected', faults: [{ rule: 'r', detail: 'no' }] }, 'faulty'],
  ])('%j is %s', async (taken, end) => {
    const { inFlight, settled } = bench(() => taken);
    inFlight.add('1', event('1'));
    expect(inFlight.has('1')).toBe(true);
    await settled(1);
    const acknowledgements = inFlight.acknowledgements();
    expect(acknowledgements).toEqual(end === 'done' ? { done: ['1'], faulty: [] } : { done: [], faulty: [{ id: '1', why: 'no' }] });
    expect(inFlight.ids).toEqual(['1']);
    inFlight.forget(acknowledgements);
    expect(inFlight.size).toBe(0);
  });

  it('is forgotten where its ids may be those of others now', async () => {
    const { inFlight, settled } = bench((id) => (id === '1' ? { kind: 'unmatched' } : new Promise(() => {})));
    inFlight.add('1', event('1'));
    inFlight.add('2', event('2'));
    await settled(1);
    inFlight.forgetAll();
    expect(inFlight.ids).toEqual([]);
    expect(inFlight.acknowledgements()).toEqual({ done: [], faulty: [] });
  });

  it('what is no event is faulty', async () => {
    const { inFlight, settled, asked } = bench(() => FAILED);
    inFlight.add('1', { kind: 'malformed', detail: 'nothing' });
    await settled(1);
    expect(inFlight.acknowledgements().faulty).toEqual([{ id: '1', why: 'nothing' }]);
    expect(asked).toEqual([]);
  });

  it('is tried until it is confirmed, and what is of its subject waits meanwhile', async () => {
    const { inFlight, settled, asked } = bench((id, nth) => (id === 'first' && nth < 3 ? FAILED : { kind: 'unmatched' }));
    inFlight.add('1', event('first', 'a'));
    inFlight.add('2', event('second', 'a'));
    inFlight.add('3', event('other', 'b'));
    inFlight.add('4', event('none'));
    await settled(4);
    expect(asked.filter((id) => id === 'first' || id === 'second')).toEqual(['first', 'first', 'first', 'second']);
    expect(asked.indexOf('other')).toBeLessThan(asked.lastIndexOf('first'));
  });

  it('acknowledges nothing that was not over when it closed', async () => {
    const paused = Promise.withResolvers<void>();
    const { inFlight } = bench(
      () => FAILED,
      () => {
        paused.resolve();
        return Promise.resolve();
      },
    );
    inFlight.add('1', event('1', 'a'));
    inFlight.add('2', event('2', 'a'));
    await paused.promise;
    await inFlight.close();
    expect(inFlight.acknowledgements()).toEqual({ done: [], faulty: [] });
    expect(inFlight.size).toBe(0);
  });
});

describe('what somebody else has now', () => {
  it('is neither begun nor acknowledged, and may be read again', async () => {
    const held = Promise.withResolvers<Taken>();
    const begun = Promise.withResolvers<void>();
    const { inFlight, settled, asked } = bench((id) => {
      begun.resolve();
      return id === 'first' ? held.promise : { kind: 'unmatched' };
    });
    inFlight.add('1', event('first', 'a'));
    inFlight.add('2', event('second', 'a'));
    await begun.promise;
    inFlight.abandon();
    expect(inFlight.size).toBe(0);
    inFlight.add('2', event('again', 'a'));
    held.resolve({ kind: 'unmatched' });
    await settled(1);
    expect(asked).toEqual(['first', 'again']);
    expect(inFlight.acknowledgements()).toEqual({ done: ['2'], faulty: [] });
  });
});

describe('a server that is away', () => {
  it('is asked less and less often, and not by all at once', () => {
    expect([1, 2, 3, 7, 50].map((failures) => retryAfterMs(failures, 1))).toEqual([100, 200, 400, 5000, 5000]);
    expect(retryAfterMs(3, 0)).toBe(200);
  });

  it('is said once for each reason, and that it is back', () => {
    const said: string[] = [];
    let now = 0;
    const log = {
      warn: (_: string, detail: object) => void said.push(JSON.stringify(detail)),
      info: (_: string, detail: object) => void said.push(JSON.stringify(detail)),
    };
    const trouble = new Trouble({ log, clock: { now: () => now }, what: 'it' });
    trouble.over();
    for (const why of ['refused', 'refused', 'no table', 'no table']) trouble.failed(why);
    now = 1234;
    expect(trouble.failures).toBe(4);
    trouble.over();
    trouble.over();
    expect(said).toEqual(['{"why":"refused"}', '{"why":"no table"}', '{"afterMs":1234}']);
  });

  it('does not look up to date while it cannot be measured', () => {
    const gauge = new BacklogGauge();
    expect(gauge.at(0)).toBeUndefined();
    gauge.measured({ waiting: 2, oldestMs: 500 }, 1000);
    expect(gauge.at(4000)).toEqual({ waiting: 2, oldestMs: 3500 });
    gauge.measured({ waiting: 0, oldestMs: 0 }, 5000);
    expect(gauge.at(9000)).toEqual({ waiting: 0, oldestMs: 0 });
    gauge.forget();
    expect(gauge.at(9000)).toBeUndefined();
  });
});
