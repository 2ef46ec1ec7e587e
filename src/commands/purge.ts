// `freshet purge`: ask a running Freshet to purge, and say when that is confirmed.
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { askAdmin, parseObject, unexpected } from './admin-client.ts';
import type { Command } from './command.ts';
import type { CommandLine } from './flags.ts';

export const purge: Command = async (line, context) => {
  const asked = askedFor(line);
  const answer = await askAdmin(line, context, { path: '/v1/purge', body: asked });
  context.print(line.has('json') ? answer : describeReceipt(answer, asked));
};

interface Asked {
  readonly tags: readonly string[];
  readonly urls: readonly string[];
  readonly prefixes: readonly string[];
  readonly scopes: readonly Readonly<Record<string, string>>[];
  readonly all: boolean;
  readonly mode: 'hard' | 'soft';
}

function askedFor(line: CommandLine): Asked {
  const tags = line.words;
  const [urls, prefixes] = [line.all('url'), line.all('prefix')];
  const scopes = line.all('scope').map(scopeOf);
  if (tags.length + urls.length + prefixes.length + scopes.length === 0 && !line.has('all')) {
    throw new UsageError('nothing to purge; name tags, or give --url, --prefix, --scope or --all');
  }
  return { tags, urls, prefixes, scopes, all: line.has('all'), mode: line.has('soft') ? 'soft' : 'hard' };
}

/** Which names there are is for the routes of the running Freshet to say. */
function scopeOf(text: string): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    const found = JSON.stringify(text.split('=', 1)[0]);
    throw new UsageError(`--scope: found ${found} without a value; allowed: NAME=VALUE, such as authorization='Bearer …' or cookie.session=…`);
  }
  return Object.fromEntries([[name, value]]);
}

const RECEIPT = z.object({
  id: z.string(),
  state: z.string(),
  guarantee: z.string(),
  authority: z.string(),
  mode: z.string(),
  tags: z.number(),
  urls: z.number(),
  nodes: z.object({ confirmed: z.number(), expired: z.number() }).optional(),
  waited_ms: z.number(),
});

/** One line: `confirmed: hard purge 9f3c.814 of 3 tags and 1 prefix …`. What the receipt does not count is told from what was asked. */
function describeReceipt(answer: string, asked: Asked): string {
  const parsed = RECEIPT.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'a receipt');
  const { id, state, guarantee, authority, mode, tags, urls, nodes, waited_ms: waitedMs } = parsed.data;
  const named = [
    ...(asked.all ? ['everything'] : []),
    ...counted(tags, 'tag'),
    ...counted(urls, 'URL'),
    ...counted(asked.prefixes.length, 'prefix', 'prefixes'),
    ...counted(asked.scopes.length, 'scope'),
  ];
  const what = named.length === 0 ? '' : ` of ${[named.slice(0, -1).join(', '), named.at(-1)].filter((text) => text !== '').join(' and ')}`;
  return `${state}: ${mode} purge ${id}${what} in ${waitedMs} ms (guarantee ${guarantee}, authority ${authority}${nodes === undefined ? '' : `, ${counted(nodes.confirmed, 'node').join('') || '0 nodes'} confirmed, ${nodes.expired} expired`})`;
}

function counted(count: number, one: string, several = `${one}s`): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`];
}
