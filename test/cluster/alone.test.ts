// A process by itself is the same protocol over a log of its own: PURGE-PROTOCOL §3.3, §3.5. Each purge is confirmed in the step in which it was asked for.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LogEntry, LoggedPurge, Position } from '../../src/cluster/coordination-log.ts';
import { NodeCore } from '../../src/cluster/node-core.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAnswer } from '../../src/cluster/node-messages.ts';
import type { Publication } from '../../src/purge/authority.ts';
import { MarkWriter } from '../../src/purge/mark-writer.ts';
import { ProcessAuthority } from '../../src/purge/process-authority.ts';

const OPTIONS = { memoryBytes: 1_000, holdKeepMs: 1_000, exhausted: () => undefined };
const NOW = { mono: 5_000, wall: 1_000_000 };

/** Answers each call before the next event: nobody else writes to this log. */
class OwnLog {
  readonly #entries: LogEntry[] = [];

  ask(ask: Ask): CallResult {
    switch (ask.kind) {
      case 'join':
        return { kind: 'join', result: { kind: 'joined', position: this.#position(), holds: [] } };
      case 'renew':
        return { kind: 'renew', result: { kind: 'renewed', seq: this.#entries.length, entries: this.#entries.slice(ask.position.applied) } };
      case 'commit':
        return { kind: 'commit', result: this.#commit(ask.purge) };
      case 'acknowledge':
        return { kind: 'acknowledge', result: { kind: 'done' } };
      case 'standings':
        return { kind: 'standings', result: { kind: 'standings', nodes: new Map() } };
    }
  }

  #position(): Position {
    return { incarnation: 'own', server: 'own', applied: this.#entries.length, nonce: this.#entries.at(-1)?.nonce ?? '' };
  }

  #commit(purge: LoggedPurge): Extract<CallResult, { kind: 'commit' }>['result'] {
    const seq = this.#entries.length + 1;
    this.#entries.push({ seq, nonce: `n${seq}`, incarnation: 'own', purge });
    return { kind: 'committed', seq, nonce: `n${seq}`, nodes: new Map([['own', { mode: 'lease', counter: 1, acked: seq - 1 }]]) };
  }
}

class Alone {
  readonly writer = new MarkWriter(OPTIONS);
  readonly #log = new OwnLog();
  readonly #core = new NodeCore({ nodeId: 'own', mode: 'lease', peers: 'none' });
  #answer: PurgeAnswer | undefined;

  constructor() {
    this.#tell({ kind: 'started' });
  }

  publish(purge: LoggedPurge): PurgeAnswer | undefined {
    this.#answer = undefined;
    this.#tell({ kind: 'purge-asked', token: 1, purge, onFailure: 'answer', waitMs: Infinity });
    return this.#answer;
  }

  #tell(event: NodeEvent): void {
    const events: NodeEvent[] = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const effect of this.#core.handle(next, NOW)) events.push(...this.#carryOut(effect));
    }
  }

  /** What follows from it. */
  #carryOut(effect: Effect): NodeEvent[] {
    if (effect.kind === 'apply') this.writer.publish(publicationOf(effect.entry.purge));
    if (effect.kind === 'answer') this.#answer = effect.answer;
    return effect.kind === 'call' ? [{ kind: 'ended', call: effect.call, result: this.#log.ask(effect.ask) }] : [];
  }
}

function publicationOf({ tagIds, all, mode }: LoggedPurge): Publication {
  return { selectors: { tagIds, all }, mode, at: NOW.wall };
}

const anyPurge = fc.record({ tag: fc.integer({ min: 1, max: 9 }), all: fc.boolean(), soft: fc.boolean() }).map(
  ({ tag, all, soft }): LoggedPurge => ({
    tagIds: all ? new Int32Array(0) : Int32Array.of(tag, tag),
    all,
    mode: soft ? 'soft' : 'hard',
    settleMs: 0,
    versions: [],
  }),
);

it('purges as the authority of a process does, at once', () => {
  fc.assert(
    fc.property(fc.array(anyPurge, { maxLength: 20 }), (purges) => {
      const alone = new Alone();
      const authority = new ProcessAuthority(OPTIONS);
      for (const purge of purges) {
        const confirmed = authority.publish(publicationOf(purge));
        const answer = alone.publish(purge);
        expect(answer).toMatchObject({ kind: 'confirmed', id: { seq: confirmed.kind === 'confirmed' ? confirmed.epoch : 0 } });
        expect(alone.writer.marks.epoch).toBe(authority.marks.epoch);
      }
      for (let tag = 1; tag <= 9; tag++) {
        for (let asOf = 0; asOf <= purges.length; asOf++) {
          const subject = { tagIds: Int32Array.of(tag, tag), asOf, sentAt: NOW.wall };
          expect(alone.writer.marks.gate(subject)).toEqual(authority.marks.gate(subject));
        }
      }
    }),
  );
});
