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

function makeControl(): Control {
  const config = loadConfig({ text: 'origins: { shop: { url: "http://127.0.0.1:1" } }', env: {}, overrides: {} });
  const observe = new Observe({ log: new Log({ level: 'silent', access: 'off', destination: { write: () => undefined } }), metrics });
  return new Control({ config, clock: new SettableClock(), observe, name: 'workers', exhausted: () => undefined, epochsChanged: () => undefined });
}

it('a purge that comes meanwhile is published after it', async () => {
  const control = makeControl();
  const change = Promise.withResolvers<void>();
  const changed = control.whileClosed(() => change.promise.then(() => control.purgeAfterReload()));
  const waiting = [control.door.purge(ORDER), control.purgeAtRate(ORDER)];
  // Whoever does not wait has published by the time that this one, which need not, is through.
  await control.purger.purge({ ...ORDER, tags: ['b'] });
  expect(control.authority.marks.epoch).toBe(1);
  change.resolve();
  await changed;
  expect((await Promise.all(waiting)).map((outcome) => outcome.kind)).toEqual(['confirmed', 'confirmed']);
  expect(control.purgeLog.recent().map(({ what }) => what)).toEqual(['tag=a', 'tag=a', 'all', 'tag=b']);
});

it('one that fails opens the door again', async () => {
  const control = makeControl();
  await expect(control.whileClosed(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await control.door.purge(ORDER)).kind).toBe('confirmed');
});
