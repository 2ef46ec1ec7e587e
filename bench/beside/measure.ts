// One scenario: its servers are started, shown to answer as is meant, warmed, and then loaded in turn, round by round.
import { join } from 'node:path';
import { progress } from '../bed.ts';
import { askForMany } from '../pipelined.ts';
import { whilePurging } from '../purging.ts';
import { between, type Cores, look, onServerCore, type Usage } from './cpu.ts';
import type { Load, LoadSpec } from './load.ts';
import type { Origin } from './origin.ts';
import { OTHERS_ALLOWED, type Round, type ScenarioResult } from './report.ts';
import { HOT_KEYS, PUBLIC_HIT, PURGES_PER_SECOND, type Scenario, type Traffic } from './scenarios.ts';
import { FRESHET, PURGE_TOKEN, type Running, type Server } from './servers.ts';
import { faultsOf, unfitness } from './trust.ts';

/** Of a compiler that learns as it runs, too. */
const WARM_SECONDS = 2;

export interface Bench {
  readonly origin: Origin;
  readonly cores: Cores | undefined;
  readonly folder: string;
  readonly load: (spec: LoadSpec) => Promise<Load>;
  readonly rounds: number;
  readonly seconds: number;
  readonly profileFolder: string | undefined;
}

/** A server under one kind of traffic, and what was found. */
export interface Lane {
  readonly title: string;
  readonly server: Server;
  readonly traffic: Traffic;
  readonly running: Running;
  readonly rounds: Round[];
  readonly faults: string[];
  unfit: string | undefined;
}

export async function measureScenario(bench: Bench, scenario: Scenario, servers: readonly Server[]): Promise<ScenarioResult> {
  await using stack = new AsyncDisposableStack();
  const lanes: Lane[] = [];
  for (const server of servers.filter((one) => isMeant(scenario, one))) {
    const started = new Map<number, Running>();
    for (const kind of scenario.beside === 'itself' ? [PUBLIC_HIT, scenario] : [scenario]) {
      const running = started.get(kind.workers) ?? stack.adopt(await start(bench, kind, server), (one) => one.stop());
      started.set(kind.workers, running);
      const title = scenario.beside === 'itself' ? kind.title : server.title;
      lanes.push({ title, server, traffic: kind.traffic, running, rounds: [], faults: [], unfit: undefined });
    }
  }
  for (const lane of lanes) lane.unfit = await check(bench, lane, scenario);
  const fit = lanes.filter(({ unfit }) => unfit === undefined);
  for (const { title, running, traffic } of fit) {
    progress(`${scenario.name}: ${title}, warming`);
    await bench.load({ url: running.url, traffic, seconds: WARM_SECONDS, begun: () => {} });
  }
  for (let round = 1; round <= bench.rounds; round++) {
    for (const lane of fit) await measureRound(bench, lane, `${scenario.name}: ${lane.title}, round ${round}`);
  }
  const found = lanes.map(({ title, rounds, faults, unfit }) => ({ title, rounds, faults, ...(unfit !== undefined && { unfit }) }));
  return { name: scenario.name, title: scenario.title, beside: scenario.beside, lanes: found };
}

/** What stores nothing has nothing to forward. */
function isMeant(scenario: Scenario, server: Server): boolean {
  if (scenario.beside === 'itself') return server === FRESHET;
  return server.isCache || scenario.traffic.forwarded === 0;
}

function start({ origin, cores, folder, profileFolder }: Bench, scenario: Scenario, server: Server): Promise<Running> {
  return server.start({
    originPort: origin.port,
    workers: scenario.workers,
    folder: join(folder, `${scenario.name}-${server.name}`),
    under: onServerCore(cores),
    profileFolder,
  });
}

/** Before there is any load, so that what reaches the origin is the lane's own. Returns why it cannot be measured, if so. */
async function check(bench: Bench, { title, server, traffic, running }: Lane, { name }: Scenario): Promise<string | undefined> {
  const isHot = traffic.spread === 'hot';
  progress(`${name}: ${title}, ${isHot ? `storing ${HOT_KEYS} answers` : 'checking'}`);
  if (isHot) await askForMany({ url: running.url, count: HOT_KEYS, path: (key) => traffic.path + key, progress: () => {} });
  const unfit = await unfitness(bench.origin, { server, traffic, running });
  if (unfit !== undefined) progress(`${name}: ${title} IS LEFT OUT: ${unfit}`);
  return unfit;
}

async function measureRound(bench: Bench, lane: Lane, name: string): Promise<void> {
  const { traffic, running } = lane;
  const before = await bench.origin.count();
  let usage: Usage | undefined;
  const loaded = async (): Promise<Load> => {
    const sight = () => bench.cores && look(running.pid, bench.cores);
    let begun = sight();
    const load = await bench.load({ url: running.url, traffic, seconds: bench.seconds, begun: () => (begun = sight()) });
    const ended = sight();
    usage = begun && ended && between(begun, ended);
    return load;
  };
  const purged = { url: running.url, token: PURGE_TOKEN, perSecond: PURGES_PER_SECOND };
  const { result: load, perSecond: purges } = traffic.isPurged ? await whilePurging(purged, loaded) : { result: await loaded(), perSecond: 0 };
  const faults = faultsOf(lane, { load, purges, forwarded: (await bench.origin.count()) - before });
  lane.faults.push(...faults);
  const round = roundOf(load, usage);
  lane.rounds.push(round);
  const others =
    round.others === undefined || round.others <= OTHERS_ALLOWED ? '' : `; others had ${(100 * round.others).toFixed(0)} % of the server's core`;
  progress(`${name}: ${round.perSecond}/s${others}${faults.map((fault) => `\n!!! ${fault}`).join('')}`);
}

function roundOf({ requests, seconds, p50Ms, p99Ms }: Load, usage: Usage | undefined): Round {
  const round = { perSecond: Math.round(requests / seconds), p50Ms, p99Ms };
  if (usage === undefined) return round;
  const { serverSeconds, serverCoreBusy, loadCoresBusy, others } = usage;
  const [busy = 0, loadBusy = 0, foreign = 0] = [serverCoreBusy, loadCoresBusy, others].map((share) => Number(share.toFixed(3)));
  return {
    ...round,
    perCpuSecond: serverSeconds === 0 ? 0 : Math.round(requests / serverSeconds),
    serverCoreBusy: busy,
    loadCoresBusy: loadBusy,
    others: foreign,
  };
}
