// The values that are written: each says in itself which register it belongs to and which version it is, so that whoever reads one knows whose it is.
import type { Register } from './register.ts';

export interface Recognised {
  readonly register: Register;
  readonly version: number;
}

export interface Coin {
  /** Nothing but what this run wrote looks like it. */
  readonly isUnmistakable: boolean;
  /** Undefined where no value is left. */
  strike(register: Register, version: number): string | number | undefined;
  /** Undefined for what this run did not write. */
  recognise(value: unknown): Recognised | undefined;
}

/** `fv1k3j9dr2n17` wherever it stands in a text: of the run `1k3j9d`, the third register's eighteenth. */
export class TextCoin implements Coin {
  readonly isUnmistakable = true;
  readonly #run: string;
  readonly #registers: ReadonlyMap<number, Register>;

  constructor(run: string, registers: readonly Register[]) {
    this.#run = run;
    this.#registers = new Map(registers.map((register) => [register.id, register]));
  }

  strike(register: Register, version: number): string {
    return `fv${this.#run}r${register.id}n${version}`;
  }

  recognise(value: unknown): Recognised | undefined {
    const [, run, id, version] = /fv([0-9a-z]{6})r(\d{1,6})n(\d{1,9})/.exec(typeof value === 'string' ? value : '') ?? [];
    return run === this.#run ? issued(this.#registers.get(Number(id)), Number(version)) : undefined;
  }
}

/** Whole numbers from `least` on, in turns: of three registers the second has `least + 1`, `least + 4`, … A number that has nothing to do with it may be one. */
export class NumberCoin implements Coin {
  readonly isUnmistakable = false;
  readonly #least: number;
  readonly #most: number;
  readonly #registers: readonly Register[];

  constructor(bounds: { readonly least: number; readonly most: number }, registers: readonly Register[]) {
    this.#least = bounds.least;
    this.#most = bounds.most;
    this.#registers = registers;
  }

  strike(register: Register, version: number): number | undefined {
    const value = this.#least + version * this.#registers.length + register.index;
    return value <= this.#most ? value : undefined;
  }

  recognise(value: unknown): Recognised | undefined {
    const steps = (typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN) - this.#least;
    if (!Number.isInteger(steps) || steps < 0) return undefined;
    const count = this.#registers.length;
    return issued(this.#registers[steps % count], Math.floor(steps / count));
  }
}

function issued(register: Register | undefined, version: number): Recognised | undefined {
  return register !== undefined && version <= register.issued ? { register, version } : undefined;
}
