// One way to break Freshet, and the tests that must notice.
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly text: string;
  readonly replacement: string;
  /** Each of these files alone must fail. */
  readonly caughtBy: readonly string[];
}
