// Which core is the server's and which the load's, and who was busy on them: from /proc, so on Linux only. Elsewhere nothing is pinned, and the costs are unknown.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

export interface Cores {
  readonly server: number;
  /** Of the load, the origin and the bench itself. */
  readonly load: readonly number[];
}

/** What a measured stretch of time cost. */
export interface Usage {
  /** User and system time of all the server's processes. */
  readonly serverSeconds: number;
  /** Shares of the time, 0 to 1. */
  readonly serverCoreBusy: number;
  readonly loadCoresBusy: number;
  /** Of the server's core, used by somebody else. */
  readonly others: number;
}

/** The last core is the server's, and the bench moves to the others with all that it starts from then on. Undefined where that cannot be done. */
export function takeCores(): Cores | undefined {
  const cores = allowedCores();
  const server = cores.pop();
  if (server === undefined || cores.length === 0) return undefined;
  const { status } = spawnSync('taskset', ['-acp', cores.join(','), String(process.pid)]);
  return status === 0 ? { server, load: cores } : undefined;
}

/** What goes before a command, so that it runs on the server's core. */
export function onServerCore(cores: Cores | undefined): string[] {
  return cores === undefined ? [] : ['taskset', '-c', String(cores.server)];
}

/** What has been used so far, in ticks. */
interface Sight {
  readonly at: number;
  readonly served: number;
  readonly serverCore: number;
  readonly loadCores: number;
}

/** `leader` is the first process of the server, and all of its process group count. */
export function look(leader: number, cores: Cores): Sight {
  return {
    at: performance.now(),
    served: groupTicks(leader),
    serverCore: busyTicks([cores.server]),
    loadCores: busyTicks(cores.load) / cores.load.length,
  };
}

export function between(before: Sight, after: Sight): Usage {
  const ticks = ((after.at - before.at) / 1000) * TICKS_PER_SECOND;
  const served = after.served - before.served;
  const serverCore = after.serverCore - before.serverCore;
  return {
    serverSeconds: served / TICKS_PER_SECOND,
    serverCoreBusy: serverCore / ticks,
    loadCoresBusy: (after.loadCores - before.loadCores) / ticks,
    others: Math.max(0, serverCore - served) / ticks,
  };
}

/** `0-2,5` as /proc has it. */
function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(read('/proc/self/status'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 || 0 }, (_, index) => first + index);
  });
}

function groupTicks(leader: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => read(`/proc/${pid}/stat`))
    .map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '));
  return stats.filter((fields) => Number(fields[2]) === leader).reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
}

/** All but idle and waiting for disks. */
function busyTicks(cores: readonly number[]): number {
  const stat = read('/proc/stat');
  return cores.reduce((sum, core) => {
    const [user = 0, nice = 0, system = 0, , , ...rest] = (new RegExp(`^cpu${core} (.+)$`, 'm').exec(stat)?.[1] ?? '').split(' ').map(Number);
    return sum + [user, nice, system, ...rest.slice(0, 3)].reduce((a, b) => a + b, 0);
  }, 0);
}

/** Empty where it is not there (any more). */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
