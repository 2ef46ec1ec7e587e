// Purges of the log and epochs of a process go on together, and say nothing of each other from before they did.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { epochOf, logEpochs, seqOf } from '../../src/cluster/log-epochs.ts';
import { GENERATION_SIZE } from '../../src/purge/marks.ts';

const at = fc.record({ generation: fc.integer({ min: 0, max: 1_000 }), n: fc.nat(1_000), applied: fc.nat(1_000_000), more: fc.nat(1_000) });

it('the numbers go on together from where they met', () => {
  fc.assert(
    fc.property(at, ({ generation, n, applied, more }) => {
      const epoch = generation * GENERATION_SIZE + n;
      const epochs = logEpochs('inc', { epoch, applied });
      expect([seqOf(epochs, epoch + more), epochOf(epochs, applied + more)]).toEqual([applied + more, epoch + more]);
    }),
  );
});

it('below the low-water mark, and in another generation, there is no answer', () => {
  fc.assert(
    fc.property(at, ({ generation, n, applied, more }) => {
      const epoch = generation * GENERATION_SIZE + n;
      const epochs = logEpochs('inc', { epoch, applied });
      expect([seqOf(epochs, epoch - 1 - more), epochOf(epochs, applied - 1 - more)]).toEqual([undefined, undefined]);
      expect([seqOf(epochs, epoch + GENERATION_SIZE), seqOf(epochs, (generation + 1) * GENERATION_SIZE)]).toEqual([undefined, undefined]);
    }),
  );
});
