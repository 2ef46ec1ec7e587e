// What is written down of a simulated history, and is it one that the protocol permits? PURGE-PROTOCOL §6. All instants are virtual ms.
import type { Stated } from './origin.ts';

export interface Read {
  readonly node: string;
  readonly page: string;
  readonly scope: string;
  readonly sentAt: number;
  readonly endedAt: number;
  /** Undefined for a failure, or where the node went away. */
  readonly stated: Stated | undefined;
  readonly from: string;
  readonly whole: boolean;
}

export interface Ack {
  readonly register: number;
  /** Committed before the purge was sent. */
  readonly version: number;
  /** When it was answered `confirmed`; for one that was answered `committed`, when its bound was over. */
  readonly at: number;
}

export interface Write {
  readonly register: number;
  readonly version: number;
  readonly at: number;
}

export class History {
  readonly reads: Read[] = [];
  readonly acks: Ack[] = [];
  readonly writes: Write[] = [];
  /** What the world itself saw broken. */
  readonly faults: string[] = [];
  readonly waitsMs: number[] = [];
  unconfirmed = 0;
}

/** Invariant and what broke it. */
export function violationsOf(history: History): string[] {
  const floors = floorsOf(history.acks);
  const writtenAt = new Map(history.writes.map(({ register, version, at }) => [`${register}=${version}`, at]));
  const found = [...history.faults];
  for (const read of history.reads) {
    const { stated } = read;
    if (stated === undefined) continue;
    const said = `${read.from} of ${read.page} at ${read.node}, sent at ${read.sentAt.toFixed(1)}, ended at ${read.endedAt.toFixed(1)}`;
    if (stated.page.name !== read.page || !read.whole) found.push(`I5 ${said}: it is ${stated.page.name}, whole: ${read.whole}`);
    if (stated.page.scoped ? stated.scope !== read.scope : stated.scope !== 'public') found.push(`I4 ${said}: it is that of ${stated.scope}`);
    stated.page.registers.forEach((register, i) => {
      const version = stated.versions[i] ?? 0;
      const least = floorAt(floors.get(register) ?? [], read.sentAt);
      if (version < least) found.push(`I1 ${said}: r${register}=${version}, where ${least} was confirmed`);
      if (version > 0 && (writtenAt.get(`${register}=${version}`) ?? Infinity) > read.endedAt)
        found.push(`I7 ${said}: nobody wrote r${register}=${version}`);
    });
  }
  return found;
}

export function hitsOf({ reads }: History): number {
  return reads.filter(({ from }) => from === 'hit' || from === 'stale').length;
}

interface Floor {
  readonly at: number;
  readonly version: number;
}

function floorsOf(acks: readonly Ack[]): Map<number, Floor[]> {
  const floors = new Map<number, Floor[]>();
  for (const { register, version, at } of acks.toSorted((a, b) => a.at - b.at)) {
    const own = floors.get(register) ?? [];
    own.push({ at, version: Math.max(version, own.at(-1)?.version ?? 0) });
    floors.set(register, own);
  }
  return floors;
}

/** Of those strictly before `at`. */
function floorAt(floors: readonly Floor[], at: number): number {
  let least = 0;
  for (const floor of floors) {
    if (floor.at >= at) break;
    least = floor.version;
  }
  return least;
}
