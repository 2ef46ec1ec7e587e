// `freshet purge`: ask a running Freshet to purge, and say when that is confirmed.
import { z } from 'zod';
import { RunError, UsageError } from '../errors.ts';
import { askAdmin, parseObject } from './admin-client.ts';
import type { Command } from './command.ts';
import type { CommandLine } from './flags.ts';

export const purge: Command = async (line, context) => {
  const answer = await askAdmin(line, context, { path: '/v1/purge', body: purgeBody(line) });
  context.print(line.has('json') ? answer : describeReceipt(answer));
};

function purgeBody(line: CommandLine): Readonly<Record<string, unknown>> {
  const tags = line.words;
  const [urls, prefixes] = [line.all('url'), line.all('prefix')];
  const scopes = line.all('scope').map(scopeOf);
  if (tags.length + urls.length + prefixes.length + scopes.length === 0 && !line.has('all')) {
    throw new UsageError('nothing to purge; name tags, or give --url, --prefix, --scope or --all');
  }
  return { tags, urls, prefixes, scopes, all: line.has('all'), mode: line.has('soft') ? 'soft' : 'hard' };
}

function scopeOf(text: string): Readonly<Record<string, string>> {
  const [, claim, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (claim === undefined || value === undefined) throw new UsageError(`--scope: found ${JSON.stringify(text)}; allowed: CLAIM=VALUE (sub=u7)`);
  return Object.fromEntries([[claim, value]]);
}

const RECEIPT = z.object({
  id: z.string(),
  state: z.string(),
  guarantee: z.string(),
  authority: z.string(),
  mode: z.string(),
  tags: z.number(),
  urls: z.number(),
  waited_ms: z.number(),
});

/** One line: `confirmed: hard purge 9f3c.814 of 3 tags …`. */
function describeReceipt(answer: string): string {
  const parsed = RECEIPT.safeParse(parseObject(answer));
  if (!parsed.success) throw new RunError(`the answer is not a receipt: ${JSON.stringify(answer.slice(0, 200))}`);
  const { id, state, guarantee, authority, mode, tags, urls, waited_ms: waitedMs } = parsed.data;
  const named = [counted(tags, 'tag'), counted(urls, 'URL')].filter((text) => text !== '').join(' and ');
  return `${state}: ${mode} purge ${id}${named === '' ? '' : ` of ${named}`} in ${waitedMs} ms (guarantee ${guarantee}, authority ${authority})`;
}

function counted(count: number, what: string): string {
  if (count === 0) return '';
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
