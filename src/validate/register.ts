// One value of the system under validation, and what is known of it: which versions were sent, and which of them were acknowledged, and when.
// It has one writer at a time and its versions only rise, so a read is stale exactly where it shows less than was acknowledged before it began.
import type { User } from './plan.ts';

export class Register {
  /** Among all of a run, and among those of its resource. */
  readonly id: number;
  readonly index: number;
  readonly key: string;
  /** Whose value it is, as the resource's `owner` says; empty where it is everybody's. */
  readonly owner: string;
  /** Who reads it. The first stands for all of them where it is written. */
  readonly users: readonly [User, ...User[]];
  isBusy = false;
  #issued = -1;
  readonly #acks: { readonly version: number; readonly at: number }[] = [];
  #lostAt = Infinity;

  constructor(parts: Pick<Register, 'id' | 'index' | 'key' | 'owner' | 'users'>) {
    this.id = parts.id;
    this.index = parts.index;
    this.key = parts.key;
    this.owner = parts.owner;
    this.users = parts.users;
  }

  /** The highest version that was sent. */
  get issued(): number {
    return this.#issued;
  }

  /** The next version; from here on a read may show it. */
  issue(): number {
    return ++this.#issued;
  }

  /** From `at` on no read that begins later may show less. */
  acknowledge(version: number, at: number): void {
    this.#acks.push({ version, at });
  }

  /** A write since `at` may happen at any time, or never: what is read from then on proves nothing. */
  lose(at: number): void {
    this.#lostAt = Math.min(this.#lostAt, at);
  }

  get isLost(): boolean {
    return this.#lostAt < Infinity;
  }

  isKnownUntil(at: number): boolean {
    return at < this.#lostAt;
  }

  /** What a read that began at `at` must show at least; -1: anything. */
  floor(at: number): number {
    return this.#acks.findLast((ack) => ack.at < at)?.version ?? -1;
  }

  /** When more than `version` was first acknowledged. */
  supersededAt(version: number): number {
    return this.#acks.find((ack) => ack.version > version)?.at ?? Infinity;
  }
}
