// By hand: `npm run check-events -- [--source http|redis|postgres] [--events 10000] [--faults 40] [--seed N]`, or `-- --latency [--events 500]`. A seed repeats what is written and where it strikes, not the timing.
import { parseArgs } from 'node:util';
import { hasRedis } from '../support/redis.ts';
import { noPostgresServer } from '../support/postgres-server.ts';
import { endure, type Outcome, type SourceName } from './endure.ts';
import { isClean } from './evidence.ts';
import { measure } from './latency.ts';

// What was started beside it ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const SOURCES = ['http', 'redis', 'postgres'] as const satisfies readonly SourceName[];
const EVENTS_A_FAULT = 250;

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    events: { type: 'string' },
    faults: { type: 'string' },
    seed: { type: 'string' },
    latency: { type: 'boolean', default: false },
  },
});
const source = SOURCES.find((known) => known === values.source);
if (values.source !== undefined && source === undefined) throw new TypeError(`--source is one of ${SOURCES.join(', ')}`);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const events = Number(values.events ?? (values.latency ? 500 : 10_000));
const faults = Number(values.faults ?? Math.round(events / EVENTS_A_FAULT));

for (const name of source === undefined ? SOURCES : [source]) {
  const missing = name === 'postgres' ? noPostgresServer : hasRedis ? undefined : 'redis-server is not installed';
  if (missing !== undefined) console.log(`${name}: skipped: ${missing}`);
  else if (values.latency) await time(name);
  else await check(name);
}

async function check(name: SourceName): Promise<void> {
  console.log(`${name}: ${events} events, ${faults} faults, seed ${seed}`);
  const outcome = await endure({ source: name, events, faults, seed, say: (text) => console.log(`${name}: ${text}`) });
  const isFine = isClean(outcome) && outcome.stale.length === 0;
  if (!isFine) process.exitCode = 1;
  console.log(summary(name, outcome));
}

async function time(name: SourceName): Promise<void> {
  const { medianMs, p99Ms, longestMs } = await measure(name, events);
  console.log(
    `check-events: ${name}: from the sending of the commit to the confirmed purge: median ${medianMs.toFixed(1)} ms, 99 % within ${p99Ms.toFixed(1)} ms, longest ${longestMs.toFixed(1)} ms (${events} events)`,
  );
}

function summary(name: SourceName, { events: count, rolledBack, faults: struck, stale, hits, tookMs, repeats, ...found }: Outcome): string {
  const faultsOf = Object.entries(struck).map(([fault, times]) => `${times} ${fault}`);
  const wrong = Object.entries(found).map(
    ([fault, which]) => `${fault} ${which.length}${which.length === 0 ? '' : ` (${which.slice(0, 10).join(', ')})`}`,
  );
  return (
    `check-events: ${name}: ${count} events (${rolledBack} rolled back) under ${faultsOf.join(', ')} in ${(tookMs / 1000).toFixed(0)} s: ${wrong.join(', ')}, ` +
    `stale entries ${stale.length}; purged again ${repeats}; ${hits} hits meanwhile`
  );
}
