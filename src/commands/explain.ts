// `freshet explain METHOD URL`: what would a running Freshet do with this request now, and why?
import { z } from 'zod';
import { align } from '../config/align.ts';
import { UsageError } from '../errors.ts';
import { askAdmin, parseObject, unexpected } from './admin-client.ts';
import type { Command } from './command.ts';
import type { CommandLine } from './flags.ts';

export const explain: Command = async (line, context) => {
  const request = requestOf(line);
  const answer = await askAdmin(line, context, { path: '/v1/explain', body: request });
  if (line.has('json')) context.print(answer);
  else context.print(describeExplanation(answer) + (namesHost(request) ? '' : NO_HOST));
};

/** A key begins with the host, so without one hardly anything is found. */
const NO_HOST = "\n\nNo host was named, so this is about requests without one. Name it as clients do: http://HOST/PATH, or -H 'Host: HOST'.";

function namesHost({ url, fields }: AskedRequest): boolean {
  return !url.startsWith('/') || fields.some(([name]) => name === 'host');
}

interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [string, string])[];
}

function requestOf(line: CommandLine): AskedRequest {
  const [method, url, ...others] = line.words;
  if (method === undefined || url === undefined || others.length > 0) throw new UsageError('needs METHOD and URL: freshet explain GET /products/42');
  if (!/^(https?:\/\/|\/)/i.test(url)) throw new UsageError(`URL: found ${JSON.stringify(url)}; allowed: http://HOST/PATH or /PATH`);
  return { method: method.toUpperCase(), url, fields: line.all('header').map(fieldOf) };
}

function fieldOf(text: string): readonly [string, string] {
  const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`-H: found ${JSON.stringify(text)}; allowed: 'NAME: VALUE'`);
  return [name.toLowerCase(), value];
}

const ENTRY = z.object({
  status: z.number(),
  ageSeconds: z.number(),
  ttlSeconds: z.number(),
  verdict: z.string(),
  tags: z.array(z.string()),
  varies: z.record(z.string(), z.string()),
  bytes: z.number(),
});

const EXPLANATION = z.object({
  route: z.string(),
  scope: z.object({ kind: z.string(), id: z.string(), why: z.string() }),
  key: z.string(),
  stored: z.array(ENTRY),
  decision: z.string(),
  reason: z.string(),
  sentence: z.string(),
  /** Of several workers the first; what the others have stored, and what they would do. */
  worker: z.number().optional(),
  elsewhere: z.array(z.object({ worker: z.number(), stored: z.array(ENTRY), decision: z.string(), reason: z.string() })).default([]),
});

function describeExplanation(answer: string): string {
  const parsed = EXPLANATION.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'an explanation');
  const { route, scope, key, stored, decision, reason, sentence, worker, elsewhere } = parsed.data;
  const entries = stored.length === 0 ? ['nothing'] : stored.map(describeEntry);
  return align([
    ['route', route],
    ['scope', `${scope.id === scope.kind ? scope.kind : `${scope.kind} ${scope.id}`}: ${scope.why}`],
    ['key', key],
    ...entries.map((entry, index) => [index === 0 ? 'stored' : '', entry]),
    ['decision', decision],
    ['reason', `${reason}: ${sentence}`],
    ...(worker === undefined ? [] : [['worker', `${worker}; all that stands above is this one's`]]),
    ...elsewhere.map((other) => [
      `worker ${other.worker}`,
      `${other.decision}, ${other.reason}; stored: ${other.stored.map(describeEntry).join('; ') || 'nothing'}`,
    ]),
  ]);
}

function describeEntry({ status, ageSeconds, ttlSeconds, verdict, tags, varies, bytes }: z.output<typeof ENTRY>): string {
  const axes = Object.entries(varies).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const parts = [`${status}`, `${bytes} B`, `age ${ageSeconds}s`, ttlSeconds >= 0 ? `fresh for ${ttlSeconds}s` : `stale for ${-ttlSeconds}s`];
  return [
    ...parts,
    ...(verdict === 'ok' ? [] : [verdict]),
    ...(axes.length === 0 ? [] : [`selected by ${axes.join(' ')}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(' ')}`]),
  ].join(', ');
}
