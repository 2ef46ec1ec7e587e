// Whether a run of http-cache-tests is what it should be: every required and optimal test passes but the expected failures, which all fail.
import type { Kind, Outcome, SuiteTest } from './suite.ts';

export type Fault =
  | { readonly kind: 'failed'; readonly test: SuiteTest; readonly message: string }
  | { readonly kind: 'not-run'; readonly test: SuiteTest }
  | { readonly kind: 'unexpected-pass'; readonly id: string }
  | { readonly kind: 'failed-otherwise'; readonly id: string; readonly message: string; readonly stated: string }
  | { readonly kind: 'check-listed'; readonly id: string }
  | { readonly kind: 'unknown-id'; readonly id: string };

export interface Tally {
  readonly passed: number;
  readonly expectedFailures: number;
  readonly failed: number;
}

export interface Judgement {
  readonly tallies: Readonly<Record<Kind, Tally>>;
  readonly faults: readonly Fault[];
}

interface Run {
  readonly tests: readonly SuiteTest[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly expected: Readonly<Record<string, string>>;
  /** How an expected failure fails where it is not by `Assertion`. */
  readonly otherKinds: Readonly<Record<string, string>>;
}

export function judge(run: Run): Judgement {
  const known = new Map(run.tests.map((test) => [test.id, test]));
  const listed = Object.keys(run.expected);
  const faults: Fault[] = run.tests.flatMap((test) => faultOf(test, run) ?? []);
  for (const id of listed) {
    const test = known.get(id);
    if (test === undefined) faults.push({ kind: 'unknown-id', id });
    else if (test.kind === 'check') faults.push({ kind: 'check-listed', id });
    else faults.push(...faultsOfListed(id, run));
  }
  return { tallies: { required: tally('required', run), optimal: tally('optimal', run), check: tally('check', run) }, faults };
}

function faultOf(test: SuiteTest, run: Run): Fault | undefined {
  const outcome = run.outcomes.get(test.id);
  if (outcome === undefined) return { kind: 'not-run', test };
  if (outcome === true || test.kind === 'check' || Object.hasOwn(run.expected, test.id)) return undefined;
  return { kind: 'failed', test, message: messageOf(outcome) };
}

/** A test that broke for another reason than the stated one has said nothing about it. */
function faultsOfListed(id: string, { outcomes, otherKinds }: Run): readonly Fault[] {
  const outcome = outcomes.get(id);
  if (outcome === undefined) return [];
  if (outcome === true) return [{ kind: 'unexpected-pass', id }];
  const stated = otherKinds[id] ?? 'Assertion';
  return outcome[0] === stated ? [] : [{ kind: 'failed-otherwise', id, message: messageOf(outcome), stated }];
}

function messageOf([kind, message]: readonly [string, string]): string {
  return `${kind}: ${message}`;
}

function tally(kind: Kind, run: Run): Tally {
  const tests = run.tests.filter((test) => test.kind === kind);
  const passed = tests.filter((test) => run.outcomes.get(test.id) === true).length;
  const expectedFailures = tests.filter((test) => run.outcomes.get(test.id) !== true && Object.hasOwn(run.expected, test.id)).length;
  return { passed, expectedFailures, failed: tests.length - passed - expectedFailures };
}

/** One line for a fault, as a person reads it. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'failed':
      return `${fault.test.id} (${fault.test.kind}) ${fault.message}\n      ${fault.test.name}`;
    case 'not-run':
      return `${fault.test.id} (${fault.test.kind}) has no result`;
    case 'unexpected-pass':
      return `${fault.id} passes, but expected-failures.ts says that it fails: remove it there`;
    case 'failed-otherwise':
      return `${fault.id} fails by ${fault.message}, but expected-failures.ts says by ${fault.stated}`;
    case 'check-listed':
      return `${fault.id} is a check, which nobody has to pass: remove it from expected-failures.ts`;
    case 'unknown-id':
      break;
  }
  return `${fault.id} in expected-failures.ts is no test of http-cache-tests`;
}
