// What every measurement stands on: the origin and Freshet as programs of their own, and a way to show progress.
import { fileURLToPath } from 'node:url';
import { type Child, type FreshetChild, startChild, startFreshet } from '../test/support/child-process.ts';

const CONFIG = fileURLToPath(new URL('./freshet.yaml', import.meta.url));

export interface Scale {
  readonly seconds: number;
  readonly wideEntries: number;
  readonly purges: number;
  readonly distinctUrls: number;
  /** Of ten tags each, all of them distinct. */
  readonly taggedEntries: number;
  readonly purgesLogged: number;
  /** How often what is compared is measured in turn. */
  readonly rounds: number;
}

export const FULL: Scale = {
  seconds: 10,
  wideEntries: 500_000,
  purges: 1000,
  distinctUrls: 1_000_000,
  taggedEntries: 1_000_000,
  purgesLogged: 10_000,
  rounds: 5,
};
export const QUICK: Scale = {
  seconds: 2,
  wideEntries: 20_000,
  purges: 200,
  distinctUrls: 50_000,
  taggedEntries: 20_000,
  purgesLogged: 500,
  rounds: 1,
};

export interface OriginChild extends Child {
  readonly url: string;
}

export async function startOrigin(): Promise<OriginChild> {
  const child = startProgram('origin.ts', []);
  const [, port = ''] = await child.says(/port: (\d+)/);
  return { ...child, url: `http://127.0.0.1:${port}` };
}

/** `memory` is the store's setting, as in the configuration. */
export function startCache(originUrl: string, memory: string): Promise<FreshetChild> {
  return startFreshet({ args: ['--config', CONFIG], env: { ...process.env, BENCH_ORIGIN: originUrl, BENCH_MEMORY: memory } });
}

export function startProgram(file: string, args: readonly string[]): Child {
  return startChild({ name: file, args: [fileURLToPath(new URL(file, import.meta.url)), ...args] });
}

/** A line for a person who waits; on standard error, so that the report stays clean. */
export function progress(text: string): void {
  console.error(`… ${text}`);
}
