// A reader of a stream of events, and the desk at which its purges arrive; both end with the test.
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { RedisStream, type StreamSettings } from '../../src/events/redis-stream.ts';
import type { RedisServer } from '../support/redis.ts';
import { Desk } from './desk.ts';

export interface Streamed {
  readonly desk: Desk;
  readonly source: RedisStream;
}

export async function streamed(
  server: Pick<RedisServer, 'url'>,
  { stream, desk = new Desk(), ...settings }: Partial<StreamSettings> & { readonly stream: string; readonly desk?: Desk },
): Promise<Streamed> {
  const source = new RedisStream({
    settings: { urls: [server.url], sharded: false, db: 0, stream, group: 'freshet', from: 'oldest', batch: 100, deadLetters: 1000, ...settings },
    intake: desk.intake,
    log: desk.log,
    clock: systemClock,
    random: () => 0,
    sharesPurges: true,
  });
  await source.open();
  onTestFinished(() => source.close());
  return { desk, source };
}
