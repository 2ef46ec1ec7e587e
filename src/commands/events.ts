// `freshet events`: what would be purged for these events (test), which events could not be taken (dead), and having them taken once more (replay).
import { z } from 'zod';
import { align } from '../config/align.ts';
import { nearest } from '../config/nearest.ts';
import { RunError, UsageError } from '../errors.ts';
import { askAdmin, parseObject, unexpected } from './admin-client.ts';
import type { Command } from './command.ts';
import { testEvents } from './events-test.ts';
import { visible } from './visible.ts';

const VERBS: Readonly<Record<string, Command>> = { test: testEvents, dead, replay };

export const events: Command = async (line, context) => {
  const [verb, ...words] = line.words;
  const known = Object.keys(VERBS);
  const command = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (command === undefined) {
    const meant = verb === undefined ? undefined : nearest(verb, known);
    const found = verb === undefined ? 'needs' : `found ${JSON.stringify(verb)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; allowed:`;
    throw new UsageError(`${found} ${known.join(', ')}: freshet events test FILE --config FILE, freshet events dead, freshet events replay ID`);
  }
  await command({ ...line, words, has: (flag) => line.has(flag), one: (flag) => line.one(flag), all: (flag) => line.all(flag) }, context);
};

const DEAD = z.object({
  dead: z.array(
    z.object({
      source: z.string(),
      id: z.string(),
      at: z.string(),
      event: z.object({ id: z.string(), source: z.string(), type: z.string() }).nullable(),
      why: z.array(z.string()),
    }),
  ),
});

async function dead(...[line, context]: Parameters<Command>): Promise<void> {
  if (line.words.length > 0) throw new UsageError(`unexpected ${JSON.stringify(line.words[0])}; freshet events dead takes only flags`);
  const [source, limit] = [line.one('source'), line.one('limit')];
  const query = new URLSearchParams({ ...(source !== undefined && { source }), ...(limit !== undefined && { limit }) }).toString();
  const answer = await askAdmin(line, context, { path: `/v1/events/dead${query === '' ? '' : `?${query}`}` });
  if (line.has('json')) return context.print(answer);
  const parsed = DEAD.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'a list of dead letters');
  const rows = parsed.data.dead.map(({ source: from, id, at, event, why }) => [
    from,
    id,
    at,
    event === null ? 'no event' : visible(`${event.type} ${event.id} of ${event.source}`),
    visible(why.join('; ')),
  ]);
  context.print(rows.length === 0 ? 'no dead letters' : align(rows));
}

const REPLAYED = z.object({
  replayed: z.array(
    z.object({
      source: z.string(),
      id: z.string(),
      result: z.string(),
      why: z.string().optional(),
      purge: z.object({ id: z.string() }).optional(),
      faults: z.array(z.object({ detail: z.string() })).optional(),
    }),
  ),
});

/** As POST /v1/events/replay takes of all. */
const MOST_AT_ONCE = 1_000;

/** Exit code 1 where one of them is no better off than before, or not all were taken. */
async function replay(...[line, context]: Parameters<Command>): Promise<void> {
  const [id, ...others] = line.words;
  const isAll = line.has('all');
  if (isAll === (id !== undefined) || others.length > 0)
    throw new UsageError('needs the ID of one dead letter (freshet events dead lists them), or --all');
  const source = line.one('source');
  const body = { ...(isAll ? { all: true } : { id }), ...(source !== undefined && { source }) };
  const answer = await askAdmin(line, context, { path: '/v1/events/replay', body });
  const parsed = REPLAYED.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'the end of a replay');
  const { replayed } = parsed.data;
  const rows = replayed.map(({ source: from, id: letter, result, why, purge, faults = [] }) => [
    from,
    letter,
    result,
    [purge?.id, why, ...faults.map(({ detail }) => detail)].filter((text) => text !== undefined).join('; '),
  ]);
  if (line.has('json')) context.print(answer);
  else context.print(rows.length === 0 ? 'no dead letters' : align(rows));
  const left = replayed.filter(({ result }) => result === 'rejected' || result === 'failed').length;
  if (left > 0) throw new RunError(`${left} of ${replayed.length} could not be taken and stay dead letters`);
  if (isAll && replayed.length === MOST_AT_ONCE)
    throw new RunError(`the ${MOST_AT_ONCE} oldest were taken; there may be more: once more takes those`);
}
