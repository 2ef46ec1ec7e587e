// The desk as PURGE-PROTOCOL §4.4 says it in words: it looks at everything each time. What PurgeDesk must agree with.
import type { LoggedPurge, NodeStanding } from '../../src/cluster/coordination-log.ts';
import { EXPIRY_MS } from '../../src/cluster/lease-terms.ts';
import type { PurgeAnswer, PurgeAsked, PurgeId } from '../../src/cluster/node-messages.ts';

interface Plain {
  readonly id: PurgeId;
  readonly onFailure: PurgeAsked['onFailure'];
  readonly loggedAt: number;
  readonly listed: number;
  silent: readonly (readonly [name: string, counter: number])[];
  waits: readonly { readonly token: number; readonly until: number }[];
  released: boolean;
  appliedAt: number | undefined;
}

export interface Logging {
  readonly purge: LoggedPurge;
  readonly onFailure: PurgeAsked['onFailure'];
  readonly caller: { readonly token: number; readonly until: number } | undefined;
  readonly id: PurgeId;
  readonly nodes: ReadonlyMap<string, NodeStanding>;
  readonly now: number;
}

export class PlainDesk {
  readonly #self: string;
  readonly #answer: (token: number, answer: PurgeAnswer) => void;
  #purges: readonly Plain[] = [];
  /** In the order in which they were applied. */
  #applied: readonly Plain[] = [];
  readonly #outcomes: [PurgeId, PurgeAnswer][] = [];

  constructor(self: string, answer: (token: number, answer: PurgeAnswer) => void) {
    this.#self = self;
    this.#answer = answer;
  }

  get nextToApply(): number | undefined {
    return this.#purges
      .filter(({ appliedAt }) => appliedAt === undefined)
      .map(({ id }) => id.seq)
      .toSorted((a, b) => a - b)[0];
  }

  get owesApplying(): boolean {
    return this.#purges.some(({ onFailure, released, appliedAt }) => onFailure === 'retry' && released && appliedAt === undefined);
  }

  get hasSilent(): boolean {
    return this.#purges.some(({ silent }) => silent.length > 0);
  }

  log({ onFailure, caller, id, nodes, now }: Logging): void {
    const leased = [...nodes].filter(([, { mode }]) => mode === 'lease');
    const silent = leased.filter(([name, { acked }]) => name !== this.#self && acked < id.seq).map(([name, { counter }]) => [name, counter] as const);
    const waits = caller === undefined ? [] : [caller];
    const plain = { id, onFailure, loggedAt: now, listed: leased.length, silent, waits, released: false, appliedAt: undefined };
    this.#purges = [...this.#purges, plain];
  }

  applied(seq: number, now: number): void {
    for (const plain of this.#purges.filter(({ id }) => id.seq === seq)) {
      plain.appliedAt = now;
      this.#applied = [...this.#applied, plain];
    }
  }

  hear(nodes: ReadonlyMap<string, NodeStanding>): void {
    for (const plain of this.#purges) plain.silent = plain.silent.filter(([name]) => (nodes.get(name)?.acked ?? 0) < plain.id.seq);
  }

  resume(caller: { readonly token: number; readonly until: number }, id: PurgeId): void {
    const outcome = this.#outcomes.find(([ended]) => isSame(ended, id));
    const pending = this.#purges.find((plain) => plain.released && isSame(plain.id, id));
    if (outcome !== undefined) this.#answer(caller.token, outcome[1]);
    else if (pending === undefined) this.#answer(caller.token, { kind: 'forgotten' });
    else pending.waits = [...pending.waits, caller];
  }

  settle(now: number, seenSince: number): ReadonlyMap<string, number> {
    const expired = new Map<string, number>();
    for (const plain of this.#applied.filter((one) => this.#confirmedAt(one, seenSince) <= now)) {
      const { id, listed, silent } = plain;
      for (const [name, counter] of silent) expired.set(name, counter);
      this.#end(id.seq, { kind: 'confirmed', id, nodes: { confirmed: listed - silent.length, expired: silent.length } });
    }
    for (const plain of this.#purges) {
      const over = plain.waits.filter(({ until }) => until <= now);
      plain.waits = plain.waits.filter(({ until }) => until > now);
      plain.released ||= over.length > 0;
      for (const { token } of over)
        this.#answer(token, { kind: 'committed', id: plain.id, boundMs: Math.max(0, Math.ceil(plain.loggedAt + EXPIRY_MS - now)) });
    }
    return expired;
  }

  loseLog(): void {
    for (const { id } of this.#purges) this.#end(id.seq, { kind: 'unknown' });
  }

  nextInstant(seenSince: number): number {
    return Math.min(...this.#purges.flatMap((plain) => [this.#confirmedAt(plain, seenSince), ...plain.waits.map(({ until }) => until)]));
  }

  #end(seq: number, answer: PurgeAnswer): void {
    const ended = this.#purges.filter(({ id }) => id.seq === seq);
    this.#purges = this.#purges.filter((plain) => !ended.includes(plain));
    this.#applied = this.#applied.filter((plain) => !ended.includes(plain));
    for (const { id, waits, released } of ended) {
      for (const { token } of waits) this.#answer(token, answer);
      if (released) this.#outcomes.push([id, answer]);
    }
  }

  #confirmedAt({ appliedAt, silent }: Plain, seenSince: number): number {
    if (appliedAt === undefined) return Infinity;
    return silent.length === 0 ? Math.min(seenSince, appliedAt) + EXPIRY_MS : appliedAt + EXPIRY_MS;
  }
}

function isSame(a: PurgeId, b: PurgeId): boolean {
  return a.incarnation === b.incarnation && a.seq === b.seq && a.nonce === b.nonce;
}
