// What a run found, as it is kept in JSON, and the tables that are made of it.
import { z } from 'zod';
import { formatTable, milliseconds, type Table } from '../report.ts';

const Round = z.object({
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** Requests a second of the server's processor time; absent where /proc is not there. */
  perCpuSecond: z.number().optional(),
  /** Shares of the time that the server's core and those of the load were busy, and that somebody else had of the server's. */
  serverCoreBusy: z.number().optional(),
  loadCoresBusy: z.number().optional(),
  others: z.number().optional(),
});
export type Round = z.infer<typeof Round>;

const Lane = z.object({
  title: z.string(),
  rounds: z.array(Round),
  /** Why it was not measured. */
  unfit: z.string().optional(),
  /** What must not be, of any round; empty in a run that may be quoted. */
  faults: z.array(z.string()),
});
type Lane = z.infer<typeof Lane>;

const ScenarioResult = z.object({ name: z.string(), title: z.string(), beside: z.enum(['others', 'itself']), lanes: z.array(Lane) });
export type ScenarioResult = z.infer<typeof ScenarioResult>;

export const Report = z.object({
  date: z.string(),
  machine: z.string(),
  /** Each with its version; Freshet's is its commit. */
  servers: z.array(z.string()),
  load: z.string(),
  origin: z.string(),
  /** The server to a core of its own. */
  isPinned: z.boolean(),
  rounds: z.number(),
  seconds: z.number(),
  connections: z.number(),
  /** Of each server's store. */
  memoryMib: z.number(),
  /** Files that nginx may keep open: a limit of the system. */
  keptOpen: z.number(),
  scenarios: z.array(ScenarioResult),
});
export type Report = z.infer<typeof Report>;

type Measure = (round: Round) => number | undefined;

/** Of the server's core, for what is not the server: interrupts, the kernel's own work. */
export const OTHERS_ALLOWED = 0.05;

const BUSY: readonly Measure[] = [(round) => round.serverCoreBusy, (round) => round.others, (round) => round.loadCoresBusy];

/** In Markdown, as README has that of bench/results/beside.json. */
export function reportText(report: Report): string {
  const { date, machine, servers, load, origin, isPinned, rounds, seconds, connections, memoryMib, keptOpen } = report;
  const place = isPinned ? 'The server has one core, load and origin the others.' : 'Nothing is pinned to a core.';
  const others = Math.max(0, ...report.scenarios.flatMap(({ lanes }) => lanes.map((lane) => median(lane, (round) => round.others) ?? 0)));
  return [
    `${date}, ${machine}. ${servers.join(', ')}; load by ${load}, ${connections} connections; origin ${origin}.`,
    `${place} Medians of ${rounds} rounds of ${seconds} s each, in turn; stores of ${memoryMib} MiB; nginx may keep ${keptOpen} files open.`,
    ...(others > OTHERS_ALLOWED ? [sharedMachine(others)] : []),
    ...tablesOf(report).map((table) => formatTable(table, '####')),
  ].join('\n');
}

function sharedMachine(others: number): string {
  const share = (100 * others).toFixed(0);
  return `**Others had up to ${share} % of the server's core: requests a second are those of a shared machine, those a second of processor time are steadier.**`;
}

function tablesOf({ scenarios }: Report): Table[] {
  const beside = scenarios.filter((scenario) => scenario.beside === 'others');
  const itself = scenarios.filter((scenario) => scenario.beside === 'itself');
  return [...(beside.length === 0 ? [] : besideTables(beside)), ...(itself.length === 0 ? [] : [itselfTable(itself)])];
}

function besideTables(scenarios: readonly ScenarioResult[]): Table[] {
  const titles = [...new Set(scenarios.flatMap(({ lanes }) => lanes.map(({ title }) => title)))];
  const [first = '', ...others] = titles;
  const laneOf = (scenario: ScenarioResult, title: string): Lane | undefined => scenario.lanes.find((lane) => lane.title === title);
  const compared = (title: string, measure: Measure): Table => ({
    title,
    head: ['', first, ...others.flatMap((other) => [other, `${first} ÷ ${other}`])],
    rows: scenarios.map((scenario) => {
      const own = laneOf(scenario, first);
      const cells = others.flatMap((other) => [count(laneOf(scenario, other), measure), ratio(own, laneOf(scenario, other), measure)]);
      return [scenario.title, count(own, measure), ...cells];
    }),
  });
  const listed = (title: string, cell: (lane: Lane | undefined) => string): Table => ({
    title,
    head: ['', ...titles],
    rows: scenarios.map((scenario) => [scenario.title, ...titles.map((name) => cell(laneOf(scenario, name)))]),
  });
  return [
    { ...compared('Requests a second', perSecond), notes: remarks(scenarios) },
    compared("Requests a second of the server's processor time", perCpuSecond),
    listed('Latency, ms: median / 99th percentile', latency),
    listed("Busy, %: the server's core / that by others / those of load and origin", (lane) => shares(lane, BUSY)),
  ];
}

/** The second lane of each against its first. */
function itselfTable(scenarios: readonly ScenarioResult[]): Table {
  return {
    title: 'Freshet beside its own hit of 1 KiB',
    head: ['', 'requests/s', 'of the plain hit', 'requests/CPU s', 'of the plain hit', 'latency, ms'],
    rows: scenarios.map(({ title, lanes: [plain, lane] }) => {
      const cells = [perSecond, perCpuSecond].flatMap((measure) => [count(lane, measure), ratio(lane, plain, measure)]);
      return [title, ...cells, latency(lane)];
    }),
    notes: remarks(scenarios),
  };
}

function perSecond(round: Round): number {
  return round.perSecond;
}

function perCpuSecond(round: Round): number | undefined {
  return round.perCpuSecond;
}

function median(lane: Lane | undefined, measure: Measure): number | undefined {
  const values = (lane?.rounds ?? []).map(measure).filter((value) => value !== undefined);
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

function count(lane: Lane | undefined, measure: Measure): string {
  const value = median(lane, measure);
  return value === undefined ? '–' : `${Math.round(value).toLocaleString('en')}${lane?.faults.length === 0 ? '' : ' (!)'}`;
}

/** Of the medians, so that a reader can check it. */
function ratio(lane: Lane | undefined, other: Lane | undefined, measure: Measure): string {
  const [own, others] = [median(lane, measure), median(other, measure)];
  return own === undefined || others === undefined || others === 0 ? '–' : (own / others).toFixed(2);
}

function latency(lane: Lane | undefined): string {
  const [p50, p99] = [median(lane, (round) => round.p50Ms), median(lane, (round) => round.p99Ms)];
  return p50 === undefined || p99 === undefined ? '–' : `${milliseconds(p50)} / ${milliseconds(p99)}`;
}

function shares(lane: Lane | undefined, measures: readonly Measure[]): string {
  const values = measures.map((measure) => median(lane, measure)).filter((value) => value !== undefined);
  return values.length === 0 ? '–' : values.map((value) => (100 * value).toFixed(0)).join(' / ');
}

/** Whatever keeps a figure from being quoted. */
function remarks(scenarios: readonly ScenarioResult[]): string[] {
  return scenarios.flatMap((scenario) =>
    scenario.lanes.flatMap(({ title, unfit, faults }) =>
      [...(unfit === undefined ? [] : [unfit]), ...faults.map((fault) => `**FAULT** ${fault}`)].map(
        (text) => `${title === scenario.title ? 'Freshet' : title}, ${scenario.title}: ${text}.`,
      ),
    ),
  );
}
