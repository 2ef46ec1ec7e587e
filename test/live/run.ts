// Live histories by hand, one after the other: `npm run check-history -- --live`. The history of one that fails is kept.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { History } from '../history/record.ts';
import { judge } from './judge.ts';
import { live } from './live.ts';
import { allScenarios, FLEETS, nameOf, type Scenario, SCENARIOS } from './scenarios.ts';

export interface LiveRuns {
  /** No run begins later; each of the scenarios is run at least once where absent. */
  readonly seconds?: number;
  /** The name of a scenario (`fault; fleet`), or a part of several. */
  readonly scenario?: string;
  readonly mode?: 'lease' | 'barrier' | 'mixed';
  readonly seed: number;
}

/** How many failed. */
export async function runLive({ seconds, scenario = '', mode, seed: first }: LiveRuns): Promise<number> {
  const chosen = choose(scenario, mode);
  const until = seconds === undefined ? Infinity : performance.now() + seconds * 1_000;
  let failed = 0;
  for (let run = 0; seconds === undefined ? run < chosen.length : performance.now() < until; run++) {
    const next = chosen[run % chosen.length];
    if (next !== undefined && !(await isFine(next, first + run))) failed++;
  }
  return failed;
}

function choose(name: string, mode: LiveRuns['mode']): readonly Scenario[] {
  const all = allScenarios();
  const exact = all.filter((known) => nameOf(known) === name);
  if (exact.length > 0) return exact;
  const known = name === '' && mode === undefined ? Object.values(SCENARIOS).flat() : all;
  const chosen = known.filter((one) => nameOf(one).includes(name) && (mode === undefined || modeOf(one) === mode));
  if (chosen.length === 0) throw new TypeError(`no scenario is called that; there are\n${all.map(nameOf).join('\n')}`);
  return chosen;
}

function modeOf({ fleet }: Scenario): string {
  const modes = new Set(FLEETS[fleet].map(({ mode }) => mode));
  return modes.size > 1 ? 'mixed' : [...modes].join('');
}

async function isFine(scenario: Scenario, seed: number): Promise<boolean> {
  const history = await live(scenario, seed);
  const { violations, summary } = judge(scenario, history);
  console.log(`seed ${seed}; ${summary}`);
  if (violations.length === 0) return true;
  for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
  console.log(`  all of it: ${keep(history, seed)}`);
  return false;
}

/** One line each. */
function keep({ reads, writes, acks, spans = [], fetchedBy }: History, seed: number): string {
  const file = join(tmpdir(), `freshet-history-${process.pid}-${seed}.jsonl`);
  const lines = [
    ...writes.map((write) => ({ is: 'write', at: write.committedAt, ...write })),
    ...acks.map((ack) => ({ is: 'purge', at: ack.sentAt, ...ack })),
    ...spans.map((span) => ({ is: 'running', at: span.from, ...span })),
    ...reads.map((read) => ({
      is: 'read',
      at: read.sentAt,
      ...read,
      fetchedBy: read.stated && fetchedBy?.get(read.stated.nonce),
      stated: read.stated && { ...read.stated, versions: Object.fromEntries(read.stated.versions) },
    })),
  ].toSorted((a, b) => a.at - b.at);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}
