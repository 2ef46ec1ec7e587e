// Purges as their sender sees them: one after another over one connection, or steadily from a program beside the measurement.
import { type Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startProgram } from './bed.ts';
import { percentiles } from './load.ts';
import { milliseconds } from './report.ts';

/** Where purges are sent. */
export interface PurgeDoor {
  readonly url: string;
  /** Wanted on `listen`. */
  readonly token?: string;
}

export const LATENCY_HEAD = ['', 'p50 ms', 'p97.5 ms', 'p99 ms', 'max ms'];

export function latencyRow(name: string, times: readonly number[]): string[] {
  const { p50, p975, p99, max } = percentiles(times);
  return [name, ...[p50, p975, p99, max].map(milliseconds)];
}

/** Rejects where the purge is not confirmed. */
export async function purge(agent: Agent, door: PurgeDoor, tag: string): Promise<void> {
  const body = await roundTrip(agent, door, { method: 'PURGE', path: '/', tag });
  if (!body.includes('"state":"confirmed"')) throw new Error(`the purge was not confirmed: ${body}`);
}

export function roundTrip(agent: Agent, { url, token }: PurgeDoor, asked: { method: string; path: string; tag?: string }): Promise<string> {
  const { method, path, tag } = asked;
  const headers = {
    ...(tag === undefined ? {} : { 'Surrogate-Key': tag }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    request(url + path, { method, agent, headers }, (response) => {
      buffer(response).then((bytes) => resolve(bytes.toString('utf8')), reject);
    })
      .on('error', reject)
      .end();
  });
}

export async function timeMany(count: number, act: (n: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now();
    await act(n);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Runs `measure` while purges of other tags are sent to `url`; all of them must be confirmed. */
export async function whilePurging<T>(
  { url, token, perSecond }: PurgeDoor & { readonly perSecond: number },
  measure: () => Promise<T>,
): Promise<{ result: T; perSecond: number }> {
  const purger = startProgram('purger.ts', [url, String(perSecond), ...(token === undefined ? [] : [token])]);
  const result = await measure();
  if (purger.hasExited()) throw new Error(`the purger ended early:\n${purger.output()}`);
  await purger.stop();
  const summary = JSON.parse(purger.output()) as { sent: number; refused: number; perSecond: number };
  if (summary.refused > 0) throw new Error(`${summary.refused} of ${summary.sent} purges were refused`);
  return { result, perSecond: summary.perSecond };
}
