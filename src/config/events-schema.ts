// The settings of `events`: which purges follow from which events, and where events come from.
import { z } from 'zod';
import { type Field, loneField, parseTemplate, TAG_LITERAL, type Template, VALUE_LITERAL } from '../events/template.ts';
import { type EventRule, OWN_TYPES } from '../events/rules.ts';
import { isScopeName } from '../rules/scope-names.ts';
import type { EventConfig } from './config.ts';
import { notAllowed, type Problem, show } from './problems.ts';
import { postgresSource, redisSource } from './sources-schema.ts';
import { duration, given, list, oneOf, oneOrMany, optional, type Read, refused, section, type Setting, setting, text, timeout } from './setting.ts';

type ScopeTemplate = EventRule['scopes'][number];

const SCOPE_ALLOWED = 'a map of one name and its value in braces (sub: "{customer_id}")';

const rule = section({
  on: oneOrMany(
    text(
      { allowed: 'a type of events (order.updated), a family of them (order.*), or * for all', read: readOn },
      { about: 'A type of events, or a family of them.' },
    ),
    { about: 'Types of events that it is for: `order.updated`, `order.*` for a family, `*` for all.' },
  ),
  purge: optional(
    list(tagTemplate('A tag.'), {
      about: 'Tags, with fields of the event in braces: `order:{id}`, `{customer.id}`, `{items.sku}` (one for each item), `{event.subject}`.',
      default: [],
    }),
  ),
  scopes: optional(
    list(scopeTemplate({ about: 'A scope.' }), {
      about: 'Scopes, each a name and where its value is: `sub: "{customer_id}"`. Everything of them is purged.',
      default: [],
    }),
  ),
  mode: optional(oneOf(['hard', 'soft'], { about: 'soft: entries become stale instead of gone.', default: 'hard' })),
  settle: z.exactOptional(
    duration(
      { about: 'After such a purge, fills carrying one of its tags are not stored for this long; else `purge.settle`.' },
      { mostMs: 3_600_000 },
    ),
  ),
  version: z.exactOptional(
    text(
      { allowed: 'one field in braces ({version})', read: readVersion },
      { about: 'Where the lowest acceptable version of the tags is: `{version}`. A response that states a lower one is not stored.' },
    ),
  ),
});

const webhook = section({
  secret: oneOrMany(
    text({ allowed: 'whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)', read: readSecret, secret: true }, { about: 'A secret.' }),
    { about: 'What `POST /v1/events` must be signed with (Standard Webhooks); of several any. The admin token is not needed there then.' },
  ),
  tolerance: optional(timeout({ about: 'By how much the time of a signature may differ from now.', default: '5m' })),
});

export const events = section({
  rules: optional(list(rule, { about: 'Which purges follow from which events; of several that match, all.', default: [] })),
  webhook: z.exactOptional(webhook),
  redis: z.exactOptional(redisSource),
  postgres: z.exactOptional(postgresSource),
});

export type EventSettings = z.output<typeof events>;
type RuleEntry = EventSettings['rules'][number];

/** CloudEvents' types are any text; one with a star or a space in it would most likely be a slip. */
const ON = /^(?:\*|[\x21-\x29\x2b-\x7e]+?(?:\.\*)?)$/;

function readOn(value: string): Read<string> {
  if (!ON.test(value)) return { kind: 'refuse' };
  const isOwn = value.startsWith(OWN_TYPES);
  return isOwn ? refused(`found ${show(value)}; types that begin with ${OWN_TYPES} are Freshet's own, and no rule is for them`) : given(value);
}

function tagTemplate(about: string): Setting<Template> {
  const allowed = 'visible characters without spaces or commas, with fields of the event in braces (order:{id})';
  return text({ allowed, read: (value) => readTemplate(value, TAG_LITERAL) }, { about });
}

function readTemplate(value: string, literal: RegExp): Read<Template> {
  const parsed = parseTemplate(value, literal);
  return parsed.kind === 'template' ? given(parsed.template) : refused(parsed.message);
}

function scopeTemplate(about: { readonly about: string }): Setting<ScopeTemplate> {
  const schema = { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1, maxProperties: 1 };
  return setting({ allowed: SCOPE_ALLOWED, schema, read: readScope }, about);
}

function readScope(found: unknown): Read<ScopeTemplate> {
  const [entry, ...others] = typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
  if (entry === undefined || others.length > 0) return { kind: 'refuse' };
  const [name, value] = entry as [string, unknown];
  if (typeof value !== 'string') return refused(`${name}: ${notAllowed(value, 'text with a field of the event in braces ("{customer_id}")')}`);
  const read = readTemplate(value, VALUE_LITERAL);
  return read.kind === 'value' ? given({ name, value: read.value }) : refused(`${name}: ${read.message ?? ''}`);
}

function readVersion(value: string): Read<Field> {
  const read = readTemplate(value, VALUE_LITERAL);
  if (read.kind === 'refuse') return read;
  return given(loneField(read.value));
}

/** 192 bits, as the scheme demands. */
const LEAST_SECRET_BYTES = 24;
const MOST_SECRET_BYTES = 64;

function readSecret(value: string): Read<string> {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1] ?? '';
  const { length } = Buffer.from(encoded, 'base64');
  return given(encoded.length % 4 === 0 && length >= LEAST_SECRET_BYTES && length <= MOST_SECRET_BYTES ? value : undefined);
}

/** What is wrong with rules that are each well formed. `scopeNames`: what scopes of the routes consist of. */
export function eventProblems(data: unknown, scopeNames: readonly string[]): readonly Problem[] {
  const rules: unknown = typeof data === 'object' && data !== null && 'rules' in data ? data.rules : [];
  if (!Array.isArray(rules)) return [];
  const seen = new Map<string, number>();
  return rules.flatMap((one: unknown, index): Problem[] => {
    const parsed = rule.safeParse(one);
    if (!parsed.success) return [];
    const first = seen.get(JSON.stringify(parsed.data)) ?? index;
    seen.set(JSON.stringify(parsed.data), first);
    const at = ['events', 'rules', index];
    return [
      ...ruleFaults(parsed.data, scopeNames),
      ...(first === index ? [] : [['on', `says what events.rules[${first}] says already`] as const]),
    ].map(([name, message]) => ({ path: [...at, name], message }));
  });
}

function* ruleFaults(
  { on, purge, scopes, version }: RuleEntry,
  scopeNames: readonly string[],
): Generator<readonly [setting: string, message: string]> {
  const twice = on.find((type, index) => on.indexOf(type) < index);
  if (twice !== undefined) yield ['on', `names ${show(twice)} twice`];
  if (purge.length + scopes.length === 0) yield ['purge', 'names nothing, nor does scopes; allowed: tags in purge, or scopes, or both'];
  if (version !== undefined && purge.length === 0) yield ['version', 'means nothing without tags in purge'];
  const known = scopeNames.length === 0 ? 'none, every route is public' : scopeNames.join(', ');
  for (const { name } of scopes) if (!isScopeName(name, scopeNames)) yield ['scopes', `${show(name)} is part of no route's scope; allowed: ${known}`];
}

export function eventsOf({ rules, webhook: signed }: EventSettings, settleMs: number): EventConfig {
  return {
    rules: rules.map((entry, index) => ruleOf(entry, index, settleMs)),
    ...(signed !== undefined && { webhook: { secret: signed.secret, toleranceMs: signed.tolerance } }),
  };
}

function ruleOf({ on, purge, scopes, mode, settle, version }: RuleEntry, index: number, settleMs: number): EventRule {
  const name = `events.rules[${index}] (${on.join(', ')})`;
  return { name, on, purge, scopes, mode, settleMs: settle ?? settleMs, ...(version !== undefined && { version }) };
}
