// Which epoch of this process is which purge of the shared log? PURGE-PROTOCOL §4.4 "L2 entries", §4.2 "low-water mark".
//
// The idea: once a node has its place in a log, every entry that it applies is one more publication, so the two numbers differ by a constant for as long as
// the generation of its marks lasts. What was fetched before the node came, it cannot judge: `epochOf` has no answer then.
import { GENERATION_SIZE } from '../purge/marks.ts';

export interface LogEpochs {
  readonly incarnation: string;
  /** Of the marks: what has another one says nothing about this log. */
  readonly generation: number;
  /** The first publication that is of the log, less one; and how far ahead of it the log was. */
  readonly least: number;
  readonly ahead: number;
}

/** `epoch`: of this process, when all up to `applied` of the log is applied. */
export function logEpochs(incarnation: string, { epoch, applied }: { readonly epoch: number; readonly applied: number }): LogEpochs {
  const least = epoch % GENERATION_SIZE;
  return { incarnation, generation: Math.floor(epoch / GENERATION_SIZE), least, ahead: applied - least };
}

/** The last purge of the log that was applied at `epoch`; undefined where that was before the node had its place. */
export function seqOf({ generation, least, ahead }: LogEpochs, epoch: number): number | undefined {
  const n = epoch - generation * GENERATION_SIZE;
  return n < least || n >= GENERATION_SIZE ? undefined : n + ahead;
}

/** The epoch at which all up to `seq` is applied; undefined below the low-water mark: purges since then may be unknown here. */
export function epochOf({ generation, least, ahead }: LogEpochs, seq: number): number | undefined {
  const n = seq - ahead;
  return n < least || n >= GENERATION_SIZE ? undefined : generation * GENERATION_SIZE + n;
}
