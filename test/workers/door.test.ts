// Until the last worker has new rules by which entries are keyed or tagged, a purge that names them by these is not confirmed: it waits at the door.
import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { Control } from '../../src/control.ts';
import { Log } from '../../src/observe/log.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { Observe } from '../../src/observe/observe.ts';
import { NOTHING, type PurgeOrder } from '../../src/purge/order.ts';
import { SettableClock } from '../support/clock.ts';

const metrics = new Metrics({});
afterEach(() => metrics.close());

const ORDER: PurgeOrder = { ...NOTHING, kind: 'operator', actor: 'test', tags: ['a'] };

/** What an operator was told. */
let lines: string[] = [];
afterEach(() => (lines = []));

function makeControl(): Control {
  const config = loadConfig({ text: 'origins: { shop: { url: "http://127.0.0.1:1" } }', env: {}, overrides: {} });
  const destination = { write: (line: string) => void lines.push(JSON.parse(line).msg) };
  const observe = new Observe({ log: new Log({ level: 'warn', access: 'off', destination }), metrics });
  return new Control({
    config,
    clock: new SettableClock(),
    observe,
    name: 'workers',
    threads: 2,
    exhausted: () => undefined,
    epochsChanged: () => undefined,
  });
}

it('a purge that comes meanwhile is published after it', async () => {
  const control = makeControl();
  const change = Promise.withResolvers<void>();
  const changed = control.rekey(() => change.promise);
  const waiting = [control.door.purge(ORDER), control.purgeAtRate(ORDER)];
  const { epoch } = control.authority.marks;
  // Whoever does not wait has published by the time that this one, which need not, is through.
  await control.purger.purge({ ...ORDER, tags: ['b'] });
  expect(control.authority.marks.epoch).toBe(epoch + 1);
  change.resolve();
  await changed;
  expect((await Promise.all(waiting)).map((outcome) => outcome.kind)).toEqual(['confirmed', 'confirmed']);
  expect(control.purgeLog.recent().map(({ what }) => what)).toEqual(['tag=a', 'tag=a', 'all', 'tag=b']);
});

it('what was stored before is dead before the first worker has the rules, what was stored meanwhile when the last has them, and it is said once', async () => {
  const control = makeControl();
  const { marks } = control.authority;
  const store = (): (() => string) => {
    const stored = { tagIds: new Int32Array(), asOf: marks.epoch, sentAt: 0 };
    return () => marks.gate(stored).kind;
  };
  const before = store();
  const seen: string[] = [];
  let meanwhile = before;
  await control.rekey(async () => {
    meanwhile = store();
    seen.push(before(), meanwhile());
  });
  expect([...seen, meanwhile()]).toEqual(['purged', 'ok', 'purged']);
  expect(lines).toEqual(['routes are keyed, tagged or permitted to store otherwise than before: the cache was emptied']);
});

it('one that fails opens the door again', async () => {
  const control = makeControl();
  await expect(control.rekey(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await control.door.purge(ORDER)).kind).toBe('confirmed');
});
