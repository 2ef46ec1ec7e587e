// What an endurance run needs of a source: where it writes, how it fails, and whether everything was acknowledged.

export interface Planned {
  readonly event: number;
  readonly subject: number;
  readonly item: number;
  /** Its transaction is undone: it must not be purged. */
  readonly isRolledBack: boolean;
  /** For how long its transaction stays open. */
  readonly openMs: number;
}

export interface Side extends AsyncDisposable {
  /** Below `events:` in the configuration of Freshet. */
  readonly yaml: string;
  /** Where the Freshet that fetches its events listens from now on. */
  reaches?(adminUrl: string): void;
  /** By name: each resolves when what it hit is there again. */
  readonly faults: Readonly<Record<string, () => Promise<void>>>;
  /** Resolves when it is certainly committed (or undone), however often that takes. `before` is called just before. */
  write(planned: Planned, before: () => Promise<void>): Promise<void>;
  /** Nothing waits and nothing is unacknowledged. */
  isDrained(): Promise<boolean>;
}

export function cloudEventOf({ event, subject, item }: Planned): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id: String(event),
    source: '/endurance',
    type: 'item.changed',
    subject: String(subject),
    time: new Date().toISOString(),
    data: { n: event, item },
  };
}
