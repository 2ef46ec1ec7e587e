// The sources of events that the configuration names.
import type { Clock } from '../clock.ts';
import type { Intake } from './intake.ts';
import { Outbox, type OutboxSettings } from './outbox.ts';
import { RedisStream, type StreamParts, type StreamSettings } from './redis-stream.ts';
import type { EventSource } from './source.ts';

export interface SourceParts {
  readonly intake: Intake;
  readonly log: StreamParts['log'];
  readonly clock: Clock;
  /** Whether what another node purges is purged here too. */
  readonly sharesPurges: boolean;
}

export function configuredSources(
  { redis, postgres }: { readonly redis?: StreamSettings; readonly postgres?: OutboxSettings },
  { sharesPurges, ...parts }: SourceParts,
): readonly EventSource[] {
  const random = Math.random;
  return [
    ...(redis === undefined ? [] : [new RedisStream({ ...parts, random, settings: redis, sharesPurges })]),
    ...(postgres === undefined ? [] : [new Outbox({ ...parts, random, settings: postgres, sharesPurges })]),
  ];
}
