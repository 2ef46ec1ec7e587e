// The dead letters of all sources of events: `GET /v1/events/dead` lists them, `POST /v1/events/replay` has them taken once more.
import { z } from 'zod';
import { RunError } from '../errors.ts';
import { resultOf } from '../events/endpoint.ts';
import type { EventSources, Replayed } from '../events/sources.ts';
import { parseJson } from '../http/json.ts';
import type { Answer } from '../purge/problem.ts';
import { json, problem } from './answer.ts';

const DEFAULT_LIMIT = 100;
const MOST = 1_000;

/** Where the letters are with a server that cannot be asked. */
export async function unlessAway(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return problem('unavailable', `${error.message}.`);
  }
}

/** Newest first. */
export async function deadPage(query: string, sources: EventSources): Promise<Answer> {
  const asked = new URLSearchParams(query);
  const unknown = [...asked.keys()].find((name) => name !== 'source' && name !== 'limit');
  if (unknown !== undefined) return problem('bad-request', `found ${JSON.stringify(unknown)}; allowed: source, limit.`);
  const limit = Number(/^\d{1,4}$/.exec(asked.get('limit') ?? String(DEFAULT_LIMIT))?.[0] ?? Number.NaN);
  if (!(limit >= 1 && limit <= MOST)) return problem('bad-request', `limit: found ${JSON.stringify(asked.get('limit'))}; 1 to ${MOST} is allowed.`);
  const source = asked.get('source') ?? undefined;
  const fault = sourceFault(source, sources);
  if (fault !== undefined) return problem('bad-request', fault);
  const letters = await sources.deadLetters(limit, 'newest', source);
  const dead = letters.map(({ from, id, at, event, why }) => ({ source: from, id, at: new Date(at).toISOString(), event: event ?? null, why }));
  return json({ dead, kept: Object.fromEntries(sources.deadCounts.map(({ source: name, count }) => [name, count])) });
}

const REPLAY = z.union(
  [z.strictObject({ source: z.string().optional(), id: z.string() }), z.strictObject({ source: z.string().optional(), all: z.literal(true) })],
  { error: '{"id": "…"} or {"all": true} is allowed, and perhaps "source"' },
);

/** Each with how it ended, and of all the oldest; the first that is not confirmed ends the replay of all. */
export async function replayPage(body: string, sources: EventSources): Promise<Answer> {
  const parsed = REPLAY.safeParse(parseJson(body));
  if (!parsed.success) return problem('bad-request', parsed.error.issues.map(({ message }) => message).join('; '));
  const { source } = parsed.data;
  const fault = sourceFault(source, sources);
  if (fault !== undefined) return problem('bad-request', fault);
  if ('all' in parsed.data) return replayedAnswer(await sources.replayAll(MOST, source), sources);
  const { id } = parsed.data;
  const replayed = await sources.replay(id, source);
  return replayed.length === 0
    ? problem('not-found', `There is no dead letter ${JSON.stringify(id.slice(0, 100))}.`)
    : replayedAnswer(replayed, sources);
}

function replayedAnswer(replayed: readonly Replayed[], { deadCounts }: EventSources): Answer {
  return json({
    replayed: replayed.map(({ source, id, taken }) => {
      const { result, purge, rules, faults, why } = resultOf({ id, source }, taken);
      return { source, id, result, purge, rules, faults, why };
    }),
    kept: Object.fromEntries(deadCounts.map(({ source, count }) => [source, count])),
  });
}

function sourceFault(source: string | undefined, { names }: EventSources): string | undefined {
  if (source === undefined || names.includes(source)) return undefined;
  return `source: found ${JSON.stringify(source.slice(0, 100))}; allowed: ${names.join(', ')}.`;
}
