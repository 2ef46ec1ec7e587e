import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after so long, or at once where the signal is given. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
