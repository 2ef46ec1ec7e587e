// What was seen of each family of tags, in bounded room.
//
// The idea: a tag's family is what the configuration names (`category:{slug}`: `category:*`), else what its spelling says (rules/tag-families.ts). Where a dozen
// families differ in one word only (`customer:ada:orders`, `customer:bob:orders`, …), that word is a value, and they become one (`customer:*:orders`). The first
// word never does: a family must have a name. So a `*` that is an id takes up nothing (`product:7` and `product:list` are two), and one that is a word takes up
// all. What finds no room any more is counted, and said.
import { ownText } from '../http/own-text.ts';
import { covers, familyOf, hasName } from '../rules/tag-families.ts';

/** So many that differ in one word are one. */
const ALIKE = 12;
/** One in so many that find no room may find out that there is some. */
const RETRY = 64;

/** The family of a tag by what the configuration names, most literal first, else by its spelling. */
export class Naming {
  /** With what stands before its first star, which most tags do not begin with. */
  readonly #patterns: readonly { readonly pattern: string; readonly head: string }[];

  constructor(declared: readonly string[]) {
    const patterns = [...new Set(declared)].toSorted((a, b) => literals(b) - literals(a));
    this.#patterns = patterns.map((pattern) => ({ pattern, head: pattern.split('*', 1)[0] ?? '' }));
  }

  nameOf(tag: string): string {
    for (const { pattern, head } of this.#patterns) if (tag.startsWith(head) && covers(pattern, tag)) return pattern;
    return familyOf(tag);
  }
}

function literals(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}

export interface FamilyTableParts<T> {
  readonly most: number;
  /** Families that the configuration names: no wider one takes them up. */
  readonly declared?: ReadonlySet<string>;
  readonly make: () => T;
  readonly join: (into: T, from: T) => void;
}

export class FamilyTable<T> {
  /** How often there was no room. */
  unplaced = 0;
  readonly #parts: FamilyTableParts<T>;
  readonly #families = new Map<string, T>();
  /** Those of which a word is a value. */
  readonly #wide = new Set<string>();
  #declared: ReadonlySet<string>;

  constructor(parts: FamilyTableParts<T>) {
    this.#parts = parts;
    this.#declared = parts.declared ?? new Set();
  }

  /** From now on. */
  declare(declared: ReadonlySet<string>): void {
    this.#declared = declared;
  }

  get entries(): ReadonlyMap<string, T> {
    return this.#families;
  }

  /** Of a family, or of the wider one that has taken it up; undefined where there is no room for another. `isWide`: another thread has widened it. */
  find(family: string, isWide = false): T | undefined {
    const mustWiden = isWide && !this.#wide.has(family) && !this.#declared.has(family);
    const placed = mustWiden ? undefined : (this.#families.get(family) ?? this.#families.get(this.#widerOf(family) ?? ''));
    if (placed !== undefined) return placed;
    const found = this.#mayWiden ? this.#placed(family, mustWiden) : undefined;
    if (found === undefined) this.unplaced++;
    return found;
  }

  /** In a full table only now and then: it looks at all there is. */
  get #mayWiden(): boolean {
    return this.#families.size < this.#parts.most || this.unplaced % RETRY === 0;
  }

  #widerOf(family: string): string | undefined {
    if (this.#declared.has(family)) return undefined;
    for (const other of this.#wide) if (covers(other, family)) return other;
    return undefined;
  }

  #placed(family: string, mustWiden: boolean): T | undefined {
    if (mustWiden) return this.#wider(family, this.#takenUpBy(family));
    return this.#widened(family) ?? (this.#families.size < this.#parts.most ? this.#joined(family, []) : undefined);
  }

  #wider(shape: string, alike: readonly string[]): T | undefined {
    if (this.#families.size - alike.length >= this.#parts.most) return undefined;
    for (const one of alike) this.#wide.delete(one);
    if (hasName(shape)) this.#wide.add(shape);
    return this.#joined(shape, alike);
  }

  /** Where it is one too many of its kind: what they are together. */
  #widened(family: string): T | undefined {
    if (this.#declared.has(family)) return undefined;
    for (const shape of shapesOf(family)) {
      const alike = this.#takenUpBy(shape);
      if (alike.length + 1 >= ALIKE) return this.#wider(shape, alike);
    }
    return undefined;
  }

  #takenUpBy(shape: string): readonly string[] {
    return [...this.#families.keys()].filter((other) => !this.#declared.has(other) && covers(shape, other));
  }

  #joined(shape: string, alike: readonly string[]): T {
    const joined = this.#parts.make();
    for (const family of alike) {
      const value = this.#families.get(family);
      if (value !== undefined) this.#parts.join(joined, value);
      this.#families.delete(family);
    }
    this.#families.set(ownText(shape), joined);
    return joined;
  }
}

/** The family with each of its words but the first as a value. */
function shapesOf(family: string): readonly string[] {
  const words = [...family.matchAll(/[^:/|_.=-]+/g)].slice(1);
  return words.flatMap(({ 0: word, index }) => (word === '*' ? [] : [`${family.slice(0, index)}*${family.slice(index + word.length)}`]));
}
