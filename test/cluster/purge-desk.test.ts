// PURGE-PROTOCOL §4.4: the desk looks only at what comes first, and answers as one that looks at everything.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeStanding } from '../../src/cluster/coordination-log.ts';
import { EXPIRY_MS } from '../../src/cluster/lease-terms.ts';
import type { PurgeId } from '../../src/cluster/node-messages.ts';
import { PurgeDesk } from '../../src/cluster/purge-desk.ts';
import { purgeOf } from './driven.ts';
import { PlainDesk } from './plain-desk.ts';

const MADE_UP = { incarnation: 'i', seq: 1, nonce: 'made up' };

/** How far a node is: counted back from the last purge of the log. */
const standing = fc.record({
  mode: fc.constantFrom('lease', 'lease', 'lease', 'barrier'),
  counter: fc.nat(3),
  behind: fc.constantFrom(0, 1, 2, 3, 5, 8, Infinity),
});
/** Of those that are listed. */
const standings = fc.record({ a: standing, b: standing, c: standing }, { requiredKeys: [] });
const waitMs = fc.constantFrom(0, 50, 200, 1_000, 5_000, Infinity);

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('log'),
      onFailure: fc.constantFrom('answer', 'retry'),
      waitMs: fc.option(waitMs, { nil: undefined }),
      standings,
      /** Numbers whose COMMITs end later, and which of those left ends now. */
      skipped: fc.constantFrom(0, 0, 1, 2),
      late: fc.option(fc.nat(3), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('apply'), count: fc.constantFrom(1, 1, 2, 100) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('hear'), standings }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(1, 50, 200, 500, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(EXPIRY_MS - 1, EXPIRY_MS) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('resume'), nth: fc.nat(9), waitMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose') }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Both desks, told the same. */
class Desks {
  now = 1_000;
  readonly #answers: { readonly desk: string[]; readonly plain: string[] } = { desk: [], plain: [] };
  readonly #desk = new PurgeDesk('a', (token, answer) => this.#answers.desk.push(`${token} ${JSON.stringify(answer)}`));
  readonly #plain = new PlainDesk('a', (token, answer) => {
    this.#answers.plain.push(`${token} ${JSON.stringify(answer)}`);
    if (answer.kind === 'committed') this.#told.push(answer.id);
  });
  readonly #told: PurgeId[] = [MADE_UP];
  #seenSince: number;
  #seq = 0;
  #tokens = 0;
  #skipped: number[] = [];

  constructor(seenForMs: number) {
    this.#seenSince = this.now - seenForMs;
  }

  take(given: Step): void {
    switch (given.kind) {
      case 'log':
        return this.#log(given);
      case 'apply':
        for (let i = 0; i < given.count; i++) this.#apply();
        return;
      case 'hear': {
        const nodes = this.#nodesOf(given.standings);
        this.#desk.hear(nodes);
        this.#plain.hear(nodes);
        return;
      }
      case 'pass':
        this.now += given.ms;
        return;
      case 'resume': {
        const caller = { token: ++this.#tokens, until: this.now + given.waitMs };
        const id = this.#told[given.nth % this.#told.length] ?? MADE_UP;
        this.#desk.resume(caller, id);
        this.#plain.resume(caller, id);
        return;
      }
      case 'lose':
        this.#desk.loseLog(this.now);
        this.#plain.loseLog();
        this.#seenSince = this.now;
    }
  }

  /** What is due is done, and nothing can be told apart. */
  agree(): void {
    expect(this.#desk.settle(this.now, this.#seenSince)).toEqual(this.#plain.settle(this.now, this.#seenSince));
    const { desk, plain } = this.#answers;
    expect(desk.toSorted()).toEqual(plain.toSorted());
    desk.length = plain.length = 0;
    expect(this.#desk.nextInstant(this.#seenSince)).toBe(this.#plain.nextInstant(this.#seenSince));
    expect(this.#desk.nextToApply?.id.seq).toBe(this.#plain.nextToApply);
    expect([this.#desk.hasSilent, this.#desk.owesApplying]).toEqual([this.#plain.hasSilent, this.#plain.owesApplying]);
  }

  #log({ onFailure, standings: listed, skipped, late, waitMs: forMs }: Extract<Step, { kind: 'log' }>): void {
    const seq = this.#nextSeq(skipped, late);
    const caller = forMs === undefined ? undefined : { token: ++this.#tokens, until: this.now + forMs };
    const asked = { purge: purgeOf(seq), onFailure, caller };
    const nodes = this.#nodesOf(listed);
    const id = { incarnation: 'i', seq, nonce: `n${seq}` };
    this.#desk.log(asked, { kind: 'committed', ...id, nodes }, { ...id, now: this.now });
    this.#plain.log({ ...asked, id, nodes, now: this.now });
  }

  #nextSeq(skipped: number, late: number | undefined): number {
    const [seq] = late === undefined ? [] : this.#skipped.splice(late, 1);
    if (seq !== undefined) return seq;
    for (let i = 0; i < skipped; i++) this.#skipped.push(++this.#seq);
    return ++this.#seq;
  }

  #nodesOf(listed: Extract<Step, { kind: 'hear' }>['standings']): ReadonlyMap<string, NodeStanding> {
    const ackedOf = (behind: number): number => Math.max(0, this.#seq - behind);
    return new Map(Object.entries(listed).map(([name, { mode, counter, behind }]) => [name, { mode, counter, acked: ackedOf(behind) }]));
  }

  #apply(): void {
    const next = this.#desk.nextToApply;
    if (next === undefined) return;
    this.#desk.applied(next, this.now);
    this.#plain.applied(next.id.seq, this.now);
  }
}

describe('a desk', () => {
  it('answers, evicts and wakes as one that looks at all of its purges each time', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 100 }), fc.constantFrom(0, 0, 1_000, Infinity), (steps, seenForMs) => {
        const desks = new Desks(seenForMs);
        for (const each of steps) {
          desks.take(each);
          desks.agree();
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows how a purge has ended until a thousand others have that were answered before', () => {
    const answers: string[] = [];
    const desk = new PurgeDesk('a', (token, { kind }) => answers.push(`${token} ${kind}`));
    const ids = Array.from({ length: 1_001 }, (_, i) => ({ incarnation: 'i', seq: i + 1, nonce: 'n' }));
    for (const id of ids) {
      const asked = { purge: purgeOf(id.seq), onFailure: 'answer', caller: { token: 0, until: 0 } } as const;
      desk.log(asked, { kind: 'committed', ...id, nodes: new Map() }, { ...id, now: 0 });
      desk.settle(0, 0);
    }
    desk.loseLog(0);
    answers.length = 0;
    for (const [token, id] of ids.slice(0, 2).entries()) desk.resume({ token, until: Infinity }, id);
    expect(answers).toEqual(['0 forgotten', '1 unknown']);
  });
});
