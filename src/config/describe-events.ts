// The rules of events as `freshet check` prints them: what is purged when.
import { align } from './align.ts';
import type { Config, EventConfig } from './config.ts';
import { formatDuration } from './units.ts';

/** Where events come in over HTTP, in words; none where nobody made a setting of it. */
export function describeWebhook({ webhook }: EventConfig): readonly string[] {
  if (webhook === undefined) return [];
  const { secret, toleranceMs } = webhook;
  const secrets = secret.length === 1 ? 'one secret' : `any of ${secret.length} secrets`;
  return [`POST /v1/events on admin, signed with ${secrets}, ${formatDuration(toleranceMs)} from now at most`];
}

export function describeRules({ events, purge }: Pick<Config, 'events' | 'purge'>): readonly string[] {
  if (events.rules.length === 0) return [];
  const rows = events.rules.map(({ on, purge: tags, scopes, mode, settleMs, version }) => [
    `  ${on.join(', ')}`,
    [...tags.map(({ source }) => source), ...scopes.map(({ name, value }) => `scope ${name}=${value.source}`)].join(' '),
    [
      mode,
      ...(version === undefined ? [] : [`version {${version.name}}`]),
      ...(settleMs === purge.settleMs ? [] : [`settle ${formatDuration(settleMs)}`]),
    ].join(', '),
  ]);
  return align([['  event', 'purges', 'how'], ...rows]).split('\n');
}

/** Rules that no event can reach. */
export function eventNotes({ admin, events }: Config): readonly string[] {
  const { rules, webhook, redis, postgres } = events;
  if (admin !== undefined) return [];
  return [
    ...(webhook === undefined ? [] : ['events.webhook: admin is off, so nobody can send events to it']),
    ...(rules.length > 0 && redis === undefined && postgres === undefined
      ? ['events.rules: no event can come: admin is off, and no other source is set (events.redis, events.postgres)']
      : []),
  ];
}
