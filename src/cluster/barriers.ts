// One barrier in flight, one queued: requests that arrive meanwhile share the next. PURGE-PROTOCOL §4.5.
export class Barriers {
  #riding: readonly number[] = [];
  #queued: number[] = [];

  /** Whether a renewal has to be sent for those who arrived since the last one was. */
  get areQueued(): boolean {
    return this.#queued.length > 0;
  }

  ask(token: number): void {
    this.#queued.push(token);
  }

  /** A renewal is sent: it is a barrier for those who came before it. */
  board(): void {
    this.#riding = this.#queued;
    this.#queued = [];
  }

  /** It has ended: those whose barrier it was. */
  land(): readonly number[] {
    const landed = this.#riding;
    this.#riding = [];
    return landed;
  }

  /** All of them, where there is nothing to wait for. */
  empty(): readonly number[] {
    const all = [...this.#riding, ...this.#queued];
    this.#riding = [];
    this.#queued = [];
    return all;
  }
}
