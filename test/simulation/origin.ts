// The origin double: registers with versions, pages composed of them, tags that are the registers. PURGE-PROTOCOL §6.

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
  /** By register: the version that is committed. */
  readonly versions: number[];

  constructor(registers: number) {
    this.versions = Array.from({ length: registers }, () => 0);
  }

  write(register: number): number {
    const version = (this.versions[register] ?? 0) + 1;
    this.versions[register] = version;
    return version;
  }

  /** The page as it is now, or that what `held` says is what it is. */
  read(page: Page, scope: string, held: Stated | undefined): Head {
    const versions = page.registers.map((register) => this.versions[register] ?? 0);
    if (held !== undefined && isUnchanged(page, held.versions, versions)) return { kind: 'not-modified' };
    return { kind: 'answer', stated: { page, scope: page.scoped ? scope : 'public', versions } };
  }
}

function isUnchanged({ weak }: Page, held: readonly number[], now: readonly number[]): boolean {
  return weak ? held[0] === now[0] : held.every((version, i) => version === now[i]);
}
