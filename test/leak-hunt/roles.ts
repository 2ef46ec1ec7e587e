// Which tier has a session, as the application under the hunt has it? Tiers change while the hunt is on: the data first, then the purge of its user.
// What was purged away may not be met again: a request may be answered as of any tier that its session had since the last confirmed change before it.

interface Change {
  readonly tier: string;
}

export class Roles {
  readonly #changes = new Map<string, Change[]>();
  readonly #confirmed = new Map<string, number>();

  constructor(tiers: Readonly<Record<string, string>>) {
    for (const [session, tier] of Object.entries(tiers)) this.#changes.set(session, [{ tier }]);
  }

  /** Undefined for a session that nobody has. */
  tierOf(session: string): string | undefined {
    return this.#changes.get(session)?.at(-1)?.tier;
  }

  /** The other of two tiers. Returns what makes it known that its purge is confirmed. */
  change(session: string, tiers: readonly [string, string]): () => void {
    const changes = this.#changes.get(session) ?? [];
    const [first, second] = tiers;
    const at = changes.push({ tier: changes.at(-1)?.tier === first ? second : first }) - 1;
    this.#changes.set(session, changes);
    return () => this.#confirmed.set(session, Math.max(at, this.#confirmed.get(session) ?? 0));
  }

  /** Where a request stands that begins now. */
  mark(session: string): number {
    return this.#confirmed.get(session) ?? 0;
  }

  /** Every tier that it had since. */
  tiersSince(session: string, mark: number): readonly string[] {
    return [...new Set((this.#changes.get(session) ?? []).slice(mark).map(({ tier }) => tier))];
  }
}
