import { describe, expect, it } from 'vitest';
import { describeFault, judge } from './judge.ts';
import { type Outcome, readTests, type SuiteTest } from './suite.ts';
import { EXPECTED_FAILURES, OTHER_KINDS } from './expected-failures.ts';

const must: SuiteTest = { id: 'must', name: 'A must', kind: 'required' };
const may: SuiteTest = { id: 'may', name: 'A may', kind: 'optimal' };
const ask: SuiteTest = { id: 'ask', name: 'A question', kind: 'check' };
const failed: Outcome = ['Assertion', 'comes from cache'];

interface Row {
  readonly name: string;
  readonly outcomes: Record<string, Outcome>;
  readonly expected: Record<string, string>;
  readonly otherKinds?: Record<string, string>;
  readonly faults: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'all pass', outcomes: { must: true, may: true, ask: true }, expected: {}, faults: [] },
  { name: 'a check may say no', outcomes: { must: true, may: true, ask: failed }, expected: {}, faults: [] },
  {
    name: 'a required test fails',
    outcomes: { must: failed, may: true, ask: true },
    expected: {},
    faults: ['must (required) Assertion: comes from cache'],
  },
  {
    name: 'an optimal test fails',
    outcomes: { must: true, may: failed, ask: true },
    expected: {},
    faults: ['may (optimal) Assertion: comes from cache'],
  },
  {
    name: 'a test that could not be judged has not passed',
    outcomes: { must: ['Setup', 'no'], may: true, ask: true },
    expected: {},
    faults: ['must (required) Setup: no'],
  },
  { name: 'an expected failure fails', outcomes: { must: failed, may: true, ask: true }, expected: { must: 'RFC' }, faults: [] },
  {
    name: 'an expected failure could not be judged',
    outcomes: { must: ['Setup', 'no'], may: true, ask: true },
    expected: { must: 'RFC' },
    faults: ['must fails by Setup: no, but expected-failures.ts says by Assertion'],
  },
  {
    name: 'an expected failure that breaks the harness',
    outcomes: { must: ['TypeError', 'fetch failed'], may: true, ask: true },
    expected: { must: 'RFC' },
    otherKinds: { must: 'Setup' },
    faults: ['must fails by TypeError: fetch failed, but expected-failures.ts says by Setup'],
  },
  {
    name: 'an expected failure that fails as stated',
    outcomes: { must: ['Setup', 'no'], may: true, ask: true },
    expected: { must: 'RFC' },
    otherKinds: { must: 'Setup' },
    faults: [],
  },
  { name: 'an expected failure passes', outcomes: { must: true, may: true, ask: true }, expected: { must: 'RFC' }, faults: ['must passes, but'] },
  { name: 'a test without a result', outcomes: { may: true, ask: true }, expected: {}, faults: ['must (required) has no result'] },
  {
    name: 'an id that is gone',
    outcomes: { must: true, may: true, ask: true },
    expected: { old: 'RFC' },
    faults: ['old in expected-failures.ts is no test'],
  },
  { name: 'a check on the list', outcomes: { must: true, may: true, ask: failed }, expected: { ask: 'RFC' }, faults: ['ask is a check'] },
];

describe('a conformance run', () => {
  it.each(rows)('$name', ({ outcomes, expected, otherKinds = {}, faults }) => {
    const judgement = judge({ tests: [must, may, ask], outcomes: new Map(Object.entries(outcomes)), expected, otherKinds });
    const found = judgement.faults.map(describeFault);
    expect(found).toHaveLength(faults.length);
    found.forEach((line, index) => expect(line).toContain(faults[index]));
  });

  it('knows the whole suite', async () => {
    const tests = await readTests();
    expect(tests.length).toBe(350);
    expect(new Set(tests.map((test) => test.id)).size).toBe(tests.length);
  });

  it('states how only where it is expected to fail', () => {
    for (const id of Object.keys(OTHER_KINDS)) expect(EXPECTED_FAILURES).toHaveProperty([id]);
  });

  it('has a reason with a source for every expected failure', () => {
    for (const reason of Object.values(EXPECTED_FAILURES)) expect(reason).toMatch(/RFC \d+ §|P[1-5]\b|SECURITY §/);
  });
});
