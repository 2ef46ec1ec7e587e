// The threads that serve, as what is there once a process sees them: alone.ts, or team.ts.
import type { Shelf } from './admin/entries.ts';
import type { Config, ListenAddress } from './config/config.ts';
import type { Request } from './http/message.ts';
import type { RoutesSeen } from './map/stored-sightings.ts';
import type { Snapshot } from './observe/snapshot.ts';

export interface Service {
  /** Where they listen. Valid after `open`. */
  readonly address: ListenAddress;
  /** How many accept now. */
  readonly threads: number;
  readonly crashes: number;
  /** Rejects with a RunError, and then nothing is left running. */
  open(listen: ListenAddress): Promise<void>;
  shelves(): readonly Shelf[];
  explain(request: Request): Promise<unknown>;
  /** What threads other than this one have counted. */
  snapshots(): Promise<readonly Snapshot[]>;
  /** What each thread has seen on its fill path. */
  sightings(): Promise<readonly RoutesSeen[]>;
  /** Resolves when every request that arrives is served by `config`. */
  reload(config: Config): Promise<void>;
  /** Each finishes what is in flight within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}
