// The least version that a register may be answered with, by instant: prefix maxima of what was confirmed, or read. PURGE-PROTOCOL §6, I1, I2 and I6.

export interface Floor {
  readonly register: string;
  readonly at: number;
  readonly version: number;
}

export class Floors {
  readonly #byRegister = new Map<string, { at: number; version: number }[]>();

  constructor(floors: readonly Floor[]) {
    for (const { register, at, version } of floors.toSorted((a, b) => a.at - b.at)) {
      const own = this.#byRegister.get(register) ?? [];
      own.push({ at, version: Math.max(version, own.at(-1)?.version ?? 0) });
      this.#byRegister.set(register, own);
    }
  }

  /** Among those strictly before `at`. */
  before(register: string, at: number): number {
    const floors = this.#byRegister.get(register) ?? [];
    let low = 0;
    let high = floors.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((floors[middle]?.at ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return floors[low - 1]?.version ?? 0;
  }
}
