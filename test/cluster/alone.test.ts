// A process by itself is the same protocol over a log of its own: PURGE-PROTOCOL §3.3. What it confirms is what the marks were given, in the step in which it was asked for.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import type { Publication } from '../../src/purge/authority.ts';
import { MarkWriter } from '../../src/purge/mark-writer.ts';

const OPTIONS = { memoryBytes: 1_000, holdKeepMs: 1_000, exhausted: () => undefined };
const START = 1_000_000;

const anyPublication = fc
  .record({
    tag: fc.integer({ min: 1, max: 9 }),
    all: fc.boolean(),
    soft: fc.boolean(),
    at: fc.integer({ min: START, max: START + 1e7 }),
    held: fc.boolean(),
    lowest: fc.option(fc.nat(9)),
  })
  .map(
    ({ tag, all, soft, at, held, lowest }): Publication => ({
      selectors: { tagIds: all ? new Int32Array(0) : Int32Array.of(tag, tag), all },
      mode: soft ? 'soft' : 'hard',
      at,
      ...(held ? { heldUntil: at + 500 } : {}),
      ...(lowest === null ? {} : { versions: [{ tagIds: Int32Array.of(tag, tag), lowest }] }),
    }),
  );

it('what is asked for is published and confirmed at once, at any instant', () => {
  fc.assert(
    fc.property(fc.array(anyPublication, { maxLength: 20 }), (publications) => {
      const authority = new ProcessAuthority(OPTIONS);
      const writer = new MarkWriter(OPTIONS);
      for (const publication of publications) {
        expect(authority.publish(publication)).toEqual({ kind: 'confirmed', epoch: writer.publish(publication) });
      }
      for (let tag = 1; tag <= 9; tag++) {
        const tagIds = Int32Array.of(tag, tag);
        for (let asOf = 0; asOf <= publications.length; asOf++) {
          for (const sentAt of [START, START + 5e6])
            expect(authority.marks.gate({ tagIds, asOf, sentAt })).toEqual(writer.marks.gate({ tagIds, asOf, sentAt }));
        }
        for (const version of [0, 5]) {
          const stated = [{ tagIds, version }];
          expect(authority.marks.versionsAccepted(stated)).toBe(writer.marks.versionsAccepted(stated));
        }
      }
    }),
  );
});
