// What `freshet validate` does to a system, as its file says it, checked and in the units of the code.
import type { JsonPath } from './json-path.ts';
import type { Names } from './template.ts';

export interface Plan {
  /** Freshet, as clients see it. */
  readonly freshet: string;
  /** The API itself, for writes that go past Freshet. */
  readonly origin: string | undefined;
  readonly purge: { readonly url: string; readonly token: string | undefined } | undefined;
  /** Freshet's admin token: with it an answer says its tags. */
  readonly debugToken: string | undefined;
  readonly durationMs: number;
  /** It ends earlier with so many writes; Infinity: it does not. */
  readonly mostWrites: number;
  readonly readers: number;
  readonly writers: number;
  /** Of all requests together. */
  readonly ratePerSecond: number;
  /** How long each writer waits before its next write. */
  readonly pauseMs: number;
  /** What is still stale so long after its write has been missed. */
  readonly graceMs: number;
  readonly timeoutMs: number;
  readonly resources: readonly Resource[];
}

export interface User {
  readonly name: string;
  readonly headers: Names;
  /** What templates may name besides. */
  readonly values: Names;
}

export interface Resource {
  readonly name: string;
  readonly keys: readonly string[];
  /** A template; undefined where a value is everybody's. */
  readonly owner: string | undefined;
  readonly users: readonly [User, ...User[]];
  readonly value: ValueRange;
  readonly write: Write;
  readonly reads: readonly Read[];
}

export type ValueRange = { readonly kind: 'text' } | { readonly kind: 'number'; readonly least: number; readonly most: number };

export interface Write {
  readonly method: string;
  readonly url: string;
  readonly via: 'freshet' | 'origin';
  /** Who writes; undefined: the value's owner. */
  readonly as: User | undefined;
  readonly headers: Names;
  /** JSON whose texts are templates, or one text; undefined: none. */
  readonly body: unknown;
  /** Templates of tags that are purged after it; empty where the API purges by itself. */
  readonly purge: readonly string[];
}

export interface Read {
  readonly url: string;
  readonly value: JsonPath;
  readonly mayLagMs: number;
}
