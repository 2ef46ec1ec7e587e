// What a process has cost so far (Linux: /proc), and what machine this is. Elsewhere the costs are undefined.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

const TICK_MS = 10;

/** CPU time of all its threads, user and system, in ms; 10 ms steps. */
export function cpuMs(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory now and at its highest, in bytes. */
export function memoryBytes(pid: number): { readonly now: number; readonly peak: number } | undefined {
  const status = read(`/proc/${pid}/status`);
  const now = status?.match(/VmRSS:\s+(\d+)/)?.[1];
  const peak = status?.match(/VmHWM:\s+(\d+)/)?.[1];
  return now === undefined || peak === undefined ? undefined : { now: Number(now) * 1024, peak: Number(peak) * 1024 };
}

/** One line: processor, cores, memory, kernel, Node. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memoryGiB} GiB, ${process.platform} ${release()}, Node ${process.version}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
