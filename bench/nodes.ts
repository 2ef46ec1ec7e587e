// What several nodes cost over a Redis that the bench starts itself: the wait for a purge, hits beside purges, and what Redis is asked and holds.
import { setTimeout as delay } from 'node:timers/promises';
import type { FreshetChild } from '../test/support/child-process.ts';
import { hasRedis, RedisServer } from '../test/support/redis.ts';
import { type OriginChild, progress, type Scale, startOrigin } from './bed.ts';
import { Fleet } from './fleet.ts';
import { load, percentiles } from './load.ts';
import { askForMany } from './pipelined.ts';
import { LATENCY_HEAD, latencyRow, timeMany, whilePurging } from './purging.ts';
import { milliseconds, type Table } from './report.ts';

const PURGES_PER_SECOND = 200;
/** The first of the two questions for what was carried out. */
const OWN_COMMANDS = 1;
const RETRY_MS = 250;
const SHAPES = [
  { nodes: 1, workers: 1 },
  { nodes: 2, workers: 1 },
  { nodes: 4, workers: 1 },
  { nodes: 2, workers: 2 },
] as const;

interface Bed {
  readonly origin: OriginChild;
  readonly redis: RedisServer;
}

/** Without redis-server there is nothing to measure, which support/redis.ts has said. */
export async function* measureNodes(scale: Scale): AsyncGenerator<Table> {
  if (!hasRedis) return;
  await using origin = await startOrigin();
  await using redis = await RedisServer.start();
  for (const part of [measureConfirmations, measureFrozen, measureHits, measureCommands, measureRedisMemory])
    yield await part({ origin, redis }, scale);
}

async function measureConfirmations(bed: Bed, scale: Scale): Promise<Table> {
  const rows: string[][] = [];
  for (const shape of SHAPES) {
    await using fleet = await Fleet.start({ ...bed, ...shape, memory: '64MiB' });
    const name = `${shape.nodes} ${shape.nodes === 1 ? 'node' : 'nodes'}${shape.workers === 1 ? '' : ` of ${shape.workers} workers`}`;
    progress(`purging, ${name}`);
    const times = async (door: 'admin' | 'listen'): Promise<number[]> => {
      await timeMany(scale.purges / 2, (n) => fleet.purge(door, `tag-${n}`));
      return timeMany(scale.purges, (n) => fleet.purge(door, `tag-${n}`));
    };
    rows.push(latencyRow(name, await times('admin')));
    if (shape.workers > 1) rows.push(latencyRow(`${name}, sent to a worker`, await times('listen')));
  }
  return {
    title: 'Purge: time to the confirmed answer, nodes in lease mode',
    head: LATENCY_HEAD,
    rows,
    notes: [
      'One after another over one connection, to the admin listener of one node unless a row says otherwise, after the first 3.1 s of each node.',
    ],
  };
}

async function measureFrozen(bed: Bed, scale: Scale): Promise<Table> {
  await using fleet = await Fleet.start({ ...bed, nodes: 2, workers: 1, memory: '64MiB' });
  const { pid } = fleet.node(1);
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 1; round <= scale.rounds; round++) {
    progress(`one of two nodes frozen, round ${round} of ${scale.rounds}`);
    process.kill(pid, 'SIGSTOP');
    try {
      first.push(...(await timeMany(1, () => fleet.purge('admin', 'frozen'))));
      next.push(...(await timeMany(20, () => fleet.purge('admin', 'frozen'))));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await fleet.untilSettled(fleet.node(1));
  }
  return {
    title: 'Purge while one of two nodes is frozen (SIGSTOP)',
    head: ['', 'median ms', 'max ms', 'purges'],
    rows: [waitRow('the first', first), waitRow('those after it', next)],
  };
}

function waitRow(name: string, times: readonly number[]): string[] {
  return [name, milliseconds(median(times)), milliseconds(Math.max(...times)), `${times.length}`];
}

async function measureHits(bed: Bed, scale: Scale): Promise<Table> {
  await using fleet = await Fleet.start({ ...bed, nodes: 2, workers: 1, memory: '64MiB' });
  const [asked, purged] = [fleet.node(0), fleet.node(1)];
  const spec = { url: `${asked.url}/page`, pid: asked.pid, seconds: scale.seconds };
  await load({ ...spec, seconds: 1 });
  const rows: string[][] = [];
  const ratios: { readonly rate: number; readonly cpu: number }[] = [];
  for (let round = 1; round <= scale.rounds; round++) {
    progress(`hits of one node, round ${round} of ${scale.rounds}: without purges, then with ${PURGES_PER_SECOND} a second through the other`);
    const alone = await load(spec);
    const { result: beside, perSecond } = await whilePurging({ url: purged.adminUrl, perSecond: PURGES_PER_SECOND }, () => load(spec));
    const [cpuAlone, cpuBeside] = [alone.cpuMicros ?? Number.NaN, beside.cpuMicros ?? Number.NaN];
    ratios.push({ rate: beside.perSecond / alone.perSecond, cpu: cpuAlone / cpuBeside });
    rows.push([
      `round ${round}`,
      alone.perSecond.toFixed(0),
      beside.perSecond.toFixed(0),
      (ratios.at(-1)?.rate ?? Number.NaN).toFixed(2),
      cpuAlone.toFixed(1),
      cpuBeside.toFixed(1),
      `${perSecond}`,
      `${alone.failures + beside.failures}`,
    ]);
  }
  const [rate, cpu] = [median(ratios.map((ratio) => ratio.rate)), median(ratios.map((ratio) => ratio.cpu))];
  return {
    title: `Hits of one node while ${PURGES_PER_SECOND} purges a second of other tags are confirmed by the other`,
    head: ['', 'hits/s alone', 'beside purges', 'ratio', 'CPU µs/hit alone', 'beside purges', 'purges/s', 'failed'],
    rows,
    notes: [`Median of the ratios: ${rate.toFixed(2)} by hits a second, ${cpu.toFixed(2)} by CPU a hit (that of applying the purges is in it).`],
  };
}

/** What the server has carried out so far, those that scripts call among them. */
async function commandsOf(redis: RedisServer): Promise<{ readonly all: number; readonly scripts: number }> {
  const info = await redis.client.info('commandstats');
  const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', count]) => ({ name, count: Number(count) }));
  const sum = (of: typeof calls): number => of.reduce((total, { count }) => total + count, 0);
  return { all: sum(calls), scripts: sum(calls.filter(({ name }) => name === 'evalsha')) };
}

async function measureCommands(bed: Bed, scale: Scale): Promise<Table> {
  await using fleet = await Fleet.start({ ...bed, nodes: 1, workers: 1, memory: '64MiB' });
  const node = fleet.node(0);
  const spec = { url: `${node.url}/page`, pid: node.pid, seconds: scale.seconds };
  await load({ ...spec, seconds: 1 });
  const around = async (name: string, run: () => Promise<number>): Promise<string[]> => {
    const [before, startedAt] = [await commandsOf(bed.redis), performance.now()];
    const hits = await run();
    const [after, seconds] = [await commandsOf(bed.redis), (performance.now() - startedAt) / 1000];
    const commands = after.all - before.all - OWN_COMMANDS;
    const perSecond = (count: number): string => (count / seconds).toFixed(2);
    return [
      name,
      `${hits}`,
      `${commands}`,
      perSecond(commands),
      perSecond(after.scripts - before.scripts),
      hits === 0 ? '' : (commands / hits).toFixed(5),
    ];
  };
  progress('commands to Redis, idle and under hits');
  const idle = await around('idle', () => new Promise((resolve) => setTimeout(() => resolve(0), scale.seconds * 1000)));
  const busy = await around('hits', async () => {
    const { perSecond, failures } = await load(spec);
    if (failures > 0) throw new Error(`${failures} hits failed`);
    return Math.round(perSecond * scale.seconds);
  });
  return {
    title: 'What Redis is asked by one node in lease mode',
    head: ['', 'hits', 'commands', 'commands/s', 'scripts/s', 'commands/hit'],
    rows: [idle, busy],
    notes: ['Commands are those of INFO commandstats, with those that a script calls; a renewal is one script.'],
  };
}

async function measureRedisMemory(bed: Bed, scale: Scale): Promise<Table> {
  await using redis = await RedisServer.start();
  await using fleet = await Fleet.start({ ...bed, redis, nodes: 1, workers: 1, memory: '3GiB' });
  const node = fleet.node(0);
  const row = async (name: string): Promise<string[]> => {
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1]);
    return [name, await metric(node, 'freshet_store_entries'), `${await redis.client.dbsize()}`, (used / 1024).toFixed(0)];
  };
  const rows = [await row('at start')];
  const { taggedEntries, purgesLogged } = scale;
  await askForMany({ url: node.url, count: taggedEntries, path: (n) => `/tagged/${n}`, progress: (done) => progress(`${done} tagged entries`) });
  rows.push(await row(`after ${taggedEntries} entries of ten tags each`));
  progress(`${purgesLogged} purges`);
  let repeated = 0;
  for (let n = 0; n < purgesLogged; n++) repeated += await purgeInTheEnd(() => fleet.purge('admin', `/tagged/${n}-0`));
  rows.push(await row(`after ${purgesLogged} purges of one tag each`));
  const losses = await metric(node, 'freshet_lease_losses_total');
  return {
    title: 'What Redis holds',
    head: ['', 'entries held', 'keys in Redis', 'used_memory KiB'],
    rows,
    notes: [
      'All tags are distinct: ten for each entry; the node has store.memory at 3 GiB. The log of purges keeps the last 100,000.',
      `Meanwhile the node lost its lease ${losses} times (then it stores nothing), and ${repeated} purges were sent again.`,
    ],
  };
}

async function metric(node: FreshetChild, name: string): Promise<string> {
  const metrics = await (await fetch(`${node.adminUrl}/metrics`)).text();
  return new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 'n/a';
}

/** A node that collects the garbage of so many entries may be late for Redis; sending a purge again is safe. How often that was. */
async function purgeInTheEnd(send: () => Promise<void>): Promise<number> {
  for (let repeated = 0; ; repeated++) {
    try {
      await send();
      return repeated;
    } catch (error) {
      if (!String(error).includes('"retry":"safe"')) throw error;
      await delay(RETRY_MS);
    }
  }
}

function median(values: readonly number[]): number {
  return percentiles(values).p50;
}
