// What an operator is told of a node: once when something begins and once when it ends, in the words that README explains.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NodeReport } from '../../src/cluster/node-report.ts';
import { POSITION } from './driven.ts';

const RENEWED = { kind: 'renewed', seq: 0, entries: [] } as const;

function failed(error: string): { readonly kind: 'failed'; readonly error: string } {
  return { kind: 'failed', error };
}

class Reported {
  /** Level, message and what stands beside it. */
  readonly lines: (readonly [string, string, Readonly<Record<string, unknown>>])[] = [];
  readonly report: NodeReport;

  constructor() {
    const said =
      (level: string) =>
      (message: string, detail: Readonly<Record<string, unknown>>): void =>
        void this.lines.push([level, message, detail]);
    const counted = { leaseChanged: () => {}, renewalEnded: () => {}, nodeEmptied: () => {} };
    this.report = new NodeReport({ observer: { ...counted, info: said('info'), warn: said('warn'), error: said('error') }, emptied: () => {} });
  }

  get messages(): readonly string[] {
    return this.lines.map(([level, message]) => `${level} ${message}`);
  }
}

describe('a line', () => {
  it('an outage is said once in each of its faces, and so is its end', () => {
    const { report, lines } = new Reported();
    for (const error of ['late', 'late', 'lost', 'late', 'lost']) report.renewed(failed(error));
    report.joined(failed('lost'));
    report.renewed(RENEWED);
    report.renewed(RENEWED);
    report.renewed(failed('late'));
    expect(lines).toEqual([
      ['error', 'Redis does not answer', { error: 'late' }],
      ['error', 'Redis does not answer', { error: 'lost' }],
      ['info', 'Redis answers again', {}],
      ['error', 'Redis does not answer', { error: 'late' }],
    ]);
  });

  it('an empty cache says why it is empty', () => {
    const { report, lines } = new Reported();
    for (const incarnation of ['i', 'i', 'j']) report.emptied(incarnation);
    expect(lines).toEqual([
      ['info', 'the node has its place in the log of purges; its cache begins empty', { incarnation: 'i' }],
      ['warn', 'the node could not be given all purges that it lacked: its cache begins empty', { incarnation: 'i' }],
      ['warn', 'Redis lost the log of purges, or is another server than before: the cache begins empty', { incarnation: 'j', before: 'i' }],
    ]);
  });

  it('a silent node is named once, however many purges waited for it, and again when it was there meanwhile', () => {
    const { report, lines } = new Reported();
    report.waitedOut(new Map([['b', 5]]));
    report.waitedOut(new Map([['b', 5]]));
    report.waitedOut(
      new Map([
        ['b', 5],
        ['c', 6],
      ]),
    );
    report.waitedOut(new Map([['b', 9]]));
    expect(lines.map(([, , detail]) => detail)).toEqual([{ nodes: ['b'] }, { nodes: ['c'] }, { nodes: ['b'] }]);
  });

  it('a node that is ended loses no lease', () => {
    const reported = new Reported();
    const { report } = reported;
    report.leaseChanged(true);
    report.leaving();
    report.leaseChanged(false);
    expect(reported.messages.filter((line) => line.includes('no lease'))).toEqual([]);
  });
});

it('README explains every line, and no other', () => {
  const reported = new Reported();
  const { report } = reported;
  report.joined({ kind: 'secret-differs' });
  report.renewed(failed('late'));
  report.joined({ kind: 'joined', position: POSITION, holds: [] });
  report.renewed(RENEWED);
  for (const incarnation of ['i', 'i', 'j']) report.emptied(incarnation);
  report.leaseChanged(true);
  report.leaseChanged(false);
  report.waitedOut(new Map([['b', 5]]));
  report.owes(true);
  report.owes(false);
  report.leaving();
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, table = ''] = /<!-- table: faults -->\n\n(.*?)\n\n/s.exec(readme) ?? [];
  const explained = [...table.matchAll(/\b(info|warn|error) `([^`]+)`/g)].map(([, level, message]) => `${level} ${message}`);
  expect(new Set(explained)).toEqual(new Set([...reported.messages, 'warn a purge was refused']));
});
