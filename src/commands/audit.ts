// `freshet audit`: which stored responses differ from the origin although no purge has ended them, and how consistent is each route?
import { z } from 'zod';
import { align } from '../config/align.ts';
import { UsageError } from '../errors.ts';
import { askAdmin, parseObject, unexpected } from './admin-client.ts';
import type { Command } from './command.ts';

export const audit: Command = async (line, context) => {
  if (line.words.length > 0) throw new UsageError(`found ${JSON.stringify(line.words[0])}; audit takes flags only`);
  const answer = await askAdmin(line, context, { path: '/v1/audit' });
  context.print(line.has('json') ? answer : describeAudits(answer));
};

const ROUTE = z.object({
  route: z.string(),
  equal: z.number(),
  caught: z.number(),
  missed: z.number(),
  unstable: z.number(),
  gone: z.number(),
  failed: z.number(),
  skipped: z.number(),
  audits: z.number(),
  nines: z.number().optional(),
});

const FINDING = z.object({
  at: z.string(),
  lastAt: z.string().optional(),
  route: z.string(),
  url: z.string(),
  scope: z.string(),
  tags: z.array(z.string()),
  changed: z.array(z.string()),
  status: z.number().optional(),
  originStatus: z.number().optional(),
  ageSeconds: z.number(),
  hits: z.number(),
  why: z.array(z.string()).default([]),
  rule: z.string().optional(),
});

const AUDITS = z.object({
  sample: z.string(),
  window: z.string().optional(),
  routes: z.array(ROUTE),
  misses: z.array(FINDING),
  unstable: z.array(FINDING),
});

const HEAD = ['route', 'nines', 'audits', 'equal', 'caught', 'missed', 'unstable', 'gone', 'failed', 'skipped'] as const;

function describeAudits(answer: string): string {
  const parsed = AUDITS.safeParse(parseObject(answer));
  if (!parsed.success) throw unexpected(answer, 'a list of audits');
  const { sample, window, routes, misses, unstable } = parsed.data;
  const sampled =
    sample === 'off' ? 'no hit is audited: the configuration has no audit' : `${sample} of hits are audited; a purge may come ${window} later`;
  const rows = routes.map((route) => HEAD.map((name) => (name === 'nines' && route.nines === undefined ? '-' : String(route[name]))));
  return [
    sampled,
    ...(routes.length === 0 ? ['nothing was audited yet'] : ['', align([[...HEAD], ...rows])]),
    '',
    misses.length === 0 ? 'no miss' : 'missed: they differ from the origin, and no purge has ended them',
    ...misses.map(describeFinding),
    ...(unstable.length === 0
      ? []
      : ['', 'unstable: the origin differs with itself there (audit.ignore takes such paths)', ...unstable.map(describeFinding)]),
  ].join('\n');
}

function describeFinding(found: z.output<typeof FINDING>): string {
  const { at, lastAt, route, url, scope, tags, changed, status, originStatus, ageSeconds, hits, why, rule } = found;
  const statuses = status === undefined ? '' : ` (${status}, the origin says ${originStatus})`;
  const times = lastAt === undefined ? at : `${at} to ${lastAt}`;
  const rows = [
    ['    route', `${route}, scope ${scope}`],
    ['    seen', `${times}, ${hits === 1 ? 'one hit' : `${hits} hits`}, ${ageSeconds}s old`],
    ['    tags', tags.join(' ') || 'none'],
    ['    differs', `${changed.join(' ')}${statuses}`],
    ...why.map((sentence, index) => [index === 0 ? '    why' : '', sentence]),
    ...(rule === undefined ? [] : [['    rule', rule]]),
  ];
  return `\n  ${url}\n${align(rows)}`;
}
