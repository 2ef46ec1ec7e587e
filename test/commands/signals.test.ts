// Signals by themselves: whatever came before, there is a listener, and what it does.
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Signals } from '../../src/commands/signals.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** `deaf` has the signals that nobody listened to when something was said or done. */
function listening() {
  const source = new EventEmitter();
  const did: string[] = [];
  const deaf: string[] = [];
  const note = (what: string): void => {
    did.push(what);
    deaf.push(...SIGNALS.filter((signal) => source.listenerCount(signal) === 0));
  };
  const signals = new Signals({ source, exit: (code) => note(`exit ${code}`), say: (text) => note(text.split(':', 1)[0] ?? '') });
  void signals.ended.then(() => note('ended'));
  return { source, signals, did, deaf, reload: () => note('reload') };
}

describe('signals', () => {
  it.each([
    { given: ['SIGTERM'], expected: ['SIGTERM', 'ended'] },
    { given: ['SIGINT'], expected: ['SIGINT', 'ended'] },
    { given: ['SIGTERM', 'SIGTERM'], expected: ['SIGTERM', 'exit 1', 'ended'] },
    { given: ['SIGINT', 'SIGTERM'], expected: ['SIGINT', 'exit 1', 'ended'] },
    { given: ['SIGHUP', 'SIGHUP'], expected: ['SIGHUP while starting', 'SIGHUP while starting', 'up', 'reload'] },
    { given: ['up', 'SIGHUP', 'SIGHUP'], expected: ['up', 'reload', 'reload'] },
    { given: ['up', 'SIGTERM', 'SIGHUP'], expected: ['up', 'SIGTERM', 'reload', 'ended'] },
  ])('$given', async ({ given, expected }) => {
    const { source, signals, did, deaf, reload } = listening();
    const up = (): void => {
      did.push('up');
      signals.onReload(reload);
    };
    for (const step of given) {
      if (step === 'up') up();
      else source.emit(step);
    }
    if (given[0] === 'SIGHUP') up();
    await Promise.resolve();
    expect(did).toEqual(expected);
    expect(deaf).toEqual([]);
  });
});
