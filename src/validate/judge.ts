// What does one read prove? Pure: the read, the register that it asked for, and what is known of that.
import type { Coin } from './coin.ts';
import type { Register } from './register.ts';

export interface Seen {
  readonly register: Register;
  readonly sentAt: number;
  readonly endedAt: number;
  /** Everything that stands where the value should be. */
  readonly values: readonly unknown[];
  /** By how much this read may lag behind writes. */
  readonly mayLagMs: number;
}

export type Verdict =
  | { readonly kind: 'right'; readonly version: number }
  /** Nothing stands there, or nobody knows any more what should. */
  | { readonly kind: 'nothing' }
  /** What belongs to another owner. */
  | { readonly kind: 'foreign'; readonly owner: string; readonly value: unknown }
  /** Older than what was acknowledged `lateMs` before the read began; -1: from before this run. `isMissed`: and its time is over. */
  | {
      readonly kind: 'stale';
      readonly version: number;
      readonly floor: number;
      readonly lateMs: number;
      readonly isMissed: boolean;
      readonly value: unknown;
    };

export function judge(seen: Seen, coin: Coin, graceMs: number): Verdict {
  const { register, sentAt, endedAt, values, mayLagMs } = seen;
  let version = -1;
  let foreign: Verdict | undefined;
  for (const value of values) {
    const found = coin.recognise(value);
    if (found === undefined) continue;
    if (found.register.owner !== register.owner) foreign ??= { kind: 'foreign', owner: found.register.owner, value };
    // The value of another key, in a list of several.
    else if (found.register === register) version = Math.max(version, found.version);
  }
  // Beside one's own value, a number may be anybody's that this run did not write.
  if (foreign !== undefined && (coin.isUnmistakable || version === -1)) return foreign;
  if (values.length === 0 || !register.isKnownUntil(endedAt)) return { kind: 'nothing' };
  const floor = register.floor(sentAt - mayLagMs);
  if (version >= floor) return { kind: 'right', version };
  const lateMs = sentAt - register.supersededAt(version);
  return { kind: 'stale', version, floor, lateMs, isMissed: lateMs >= mayLagMs + graceMs, value: values[0] };
}
