// The checker itself: each invariant of PURGE-PROTOCOL §6 is seen broken.
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { bodyOf, entityTag, parseEntityTag, type Stated } from './page.ts';
import type { Ack, Read } from './record.ts';

const stated: Stated = {
  path: '/pages/1',
  scope: 'public',
  variant: 'any',
  versions: new Map([
    ['r1', 1],
    ['r2', 0],
  ]),
  nonce: 7,
};

const READ: Read = {
  kind: 'get',
  path: '/pages/1',
  scope: 'public',
  variant: 'any',
  sentAt: 10,
  endedAt: 20,
  status: 200,
  complete: true,
  stated,
  intact: true,
  hit: true,
  committedAtEpoch: 1,
  isLast: false,
};

const WRITES = [
  { register: 'r1', version: 1, committedAt: 1 },
  { register: 'r1', version: 2, committedAt: 2 },
];

function ack(ackedAt: number, more: Partial<Ack> = {}): Ack {
  return { register: 'r1', version: 2, sentAt: ackedAt - 1, ackedAt, epoch: 9, ...more };
}

function version(r1: number): Stated {
  return { ...stated, versions: new Map([['r1', r1]]) };
}

describe('what the checker finds', () => {
  const rows: readonly [name: string, reads: readonly Read[], acks: readonly Ack[], expected: readonly string[]][] = [
    ['nothing in a read that was sent before the answer to the purge', [READ], [ack(11)], []],
    ['I1: one that was sent after it', [READ], [ack(9)], ['I1']],
    ['I1: the highest version counts, not the last one', [READ], [ack(5), ack(9, { version: 1 })], ['I1']],
    ['nothing where another register was purged', [READ], [ack(9, { register: 'r3' })], []],
    ['I4: another scope', [{ ...READ, scope: 'u1' }], [], ['I4']],
    ['I5: a body that is not what it states', [{ ...READ, intact: false }], [], ['I5']],
    ['I5: another page', [{ ...READ, path: '/pages/2' }], [], ['I5']],
    ['I5: another variant', [{ ...READ, variant: 'de' }], [], ['I5']],
    ['I6: older than an earlier read of the key', [{ ...READ, stated: version(2), sentAt: 4, endedAt: 5 }, READ], [], ['I6']],
    [
      'nothing where another worker had answered it',
      [
        { ...READ, worker: 1, stated: version(2), sentAt: 4, endedAt: 5 },
        { ...READ, worker: 2 },
      ],
      [],
      [],
    ],
    ['nothing where the two overlapped', [{ ...READ, stated: version(2), sentAt: 4, endedAt: 15 }, READ], [], []],
    ['I7: a version that nobody wrote', [{ ...READ, stated: version(3) }], [], ['I7']],
    ['I7: a version that was written after the read ended', [{ ...READ, sentAt: 0, endedAt: 0.5 }], [], ['I7']],
    ['I3: the same at the end', [{ ...READ, isLast: true }], [ack(9)], ['I3']],
    ['I3: a failure at the end', [{ ...READ, isLast: true, stated: undefined, status: 503 }], [], ['I3']],
    ['nothing in a read from before the bound of a purge was over', [READ], [ack(5, { boundMs: 5 })], []],
    ['I9: one from after it', [READ], [ack(5, { boundMs: 4 })], ['I9']],
    [
      'nothing where what one node passed on is not in its store',
      [
        { ...READ, node: 'a', hit: false, stated: version(2), sentAt: 4, endedAt: 5 },
        { ...READ, node: 'a' },
      ],
      [],
      [],
    ],
    ['nothing in a failure', [{ ...READ, stated: undefined, intact: false, status: 503 }], [ack(9)], []],
  ];
  it.each(rows)('%s', (_name, reads, acks, expected) => {
    expect(check({ reads, acks, writes: WRITES }).violations.map((text) => text.slice(0, 2))).toEqual(expected);
  });

  it.each([
    [1, 0],
    [9, 1],
  ])('I2: a head written at epoch %i counts %i', (committedAtEpoch, i2) => {
    expect(check({ reads: [{ ...READ, committedAtEpoch }], acks: [ack(11)], writes: WRITES }).i2).toBe(i2);
  });

  it.each([
    ['nothing where as many ran', 1, []],
    ['I10: more than ran', 2, ['I10']],
  ])('in a receipt: %s', (_name, confirmed, expected) => {
    const spans = [
      { life: 'a', from: 0, until: 99 },
      { life: 'b', from: 0, until: 5 },
      { life: 'b', from: 11, until: 99 },
    ];
    const { violations } = check({ reads: [], acks: [ack(10, { sentAt: 6, nodes: { confirmed, expired: 0 } })], writes: WRITES, spans });
    expect(violations.map((text) => text.slice(0, 3))).toEqual(expected);
  });

  it('an entity-tag states its page whole', () => {
    expect(parseEntityTag(entityTag(stated))).toEqual(stated);
    expect(JSON.parse(bodyOf(stated))).toMatchObject({ said: expect.stringContaining('"r1":1'), sha: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
