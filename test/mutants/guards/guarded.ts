export interface Guarded {
  readonly file: string;
  /** Fails without any of the guards. */
  readonly test: string;
  /** Each begins with its `if` and occurs once in the file. */
  readonly guards: readonly string[];
}
