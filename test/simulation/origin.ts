// The origin double: registers with versions, pages composed of them, tags that are the registers; some reads come from a replica that lags. PURGE-PROTOCOL §6.

export interface Page {
  readonly name: string;
  /** Indices of registers. */
  readonly registers: readonly number[];
  readonly scoped: boolean;
  /** Its validator ignores all registers but the first: an origin's mistake that a hard purge must outlive. */
  readonly weak: boolean;
  readonly freshMs: number;
  readonly staleMs: number;
}

/** What an answer says of itself. */
export interface Stated {
  readonly page: Page;
  /** `public`, or whose request it was. */
  readonly scope: string;
  /** Of the page's registers, in their order. */
  readonly versions: readonly number[];
}

export type Head = { readonly kind: 'answer'; readonly stated: Stated } | { readonly kind: 'not-modified' } | { readonly kind: 'error' };

export class Origin {
  /** By register: when each of its versions was committed, from 1 on. */
  readonly #committedAt: number[][];

  constructor(registers: number) {
    this.#committedAt = Array.from({ length: registers }, () => []);
  }

  /** Of every register, the version that is committed. */
  get versions(): readonly number[] {
    return this.#committedAt.map((instants) => instants.length);
  }

  write(register: number, at: number): number {
    return this.#committedAt[register]?.push(at) ?? 0;
  }

  /** The page as it was at `at`, or that what `held` says is what it was. */
  read({ page, scope, held, at }: { readonly page: Page; readonly scope: string; readonly held: Stated | undefined; readonly at: number }): Head {
    const versions = page.registers.map((register) => this.#committedAt[register]?.filter((instant) => instant <= at).length ?? 0);
    if (held !== undefined && isUnchanged(page, held.versions, versions)) return { kind: 'not-modified' };
    return { kind: 'answer', stated: { page, scope: page.scoped ? scope : 'public', versions } };
  }
}

function isUnchanged({ weak }: Page, held: readonly number[], now: readonly number[]): boolean {
  return weak ? held[0] === now[0] : held.every((version, i) => version === now[i]);
}
