// Which purge follows from an event? The rules of `events.rules`, and the type of event that carries its purge itself. Pure: values in, a plan out.
import { NOTHING, type PurgeOrder } from '../purge/order.ts';
import { isOn } from '../rules/event-types.ts';
import { faultOfTags, readPurgeBody } from '../purge/purge-body.ts';
import type { Event } from './event.ts';
import { expand, type Field, MOST_TEXTS, type Template, valuesOf } from './template.ts';

export interface EventRule {
  /** For people: `events.rules[0] (order.*)`. */
  readonly name: string;
  /** Types, `order.*` for a family of them, `*` for every one. */
  readonly on: readonly string[];
  readonly purge: readonly Template[];
  /** Each of one name. */
  readonly scopes: readonly { readonly name: string; readonly value: Template }[];
  readonly mode: 'hard' | 'soft';
  readonly settleMs: number;
  /** The lowest acceptable version of all tags of the rule. */
  readonly version?: Field;
}

/** Why an event cannot be followed by its purge. */
export interface EventFault {
  readonly rule: string;
  /** In the event; absent where it is no single one. */
  readonly field?: string;
  readonly detail: string;
}

/** What one rule makes of one event. */
export type Applied =
  | {
      readonly kind: 'named';
      readonly rule: EventRule;
      readonly tags: readonly string[];
      readonly scopes: PurgeOrder['scopes'];
      readonly version: number | undefined;
    }
  | { readonly kind: 'faulty'; readonly rule: EventRule; readonly faults: readonly EventFault[] };

export type Plan =
  /** `by`: the rules, in their order. */
  | { readonly kind: 'purge'; readonly order: Omit<PurgeOrder, 'kind' | 'actor'>; readonly by: readonly string[] }
  /** No rule is for it, or what its fields name is nothing. */
  | { readonly kind: 'unmatched' }
  | { readonly kind: 'rejected'; readonly faults: readonly EventFault[] };

/** Its data is the body of POST /v1/purge. */
export const PURGE_TYPE = 'freshet.purge';
/** No rule is for a type that begins so. */
export const OWN_TYPES = 'freshet.';

/** One purge for all that match, or none where one of them cannot tell what it is to purge. `scopeNames`: what scopes of this configuration may be named by. */
export function planOf(event: Event, { rules, scopeNames }: { readonly rules: readonly EventRule[]; readonly scopeNames: readonly string[] }): Plan {
  if (event.type === PURGE_TYPE) return carriedBy(event, scopeNames);
  const applied = applyRules(event, rules);
  const faults = applied.flatMap((one) => (one.kind === 'faulty' ? one.faults : []));
  if (faults.length > 0) return { kind: 'rejected', faults };
  return together(applied.filter((one) => one.kind === 'named'));
}

/** What each rule that is for its type makes of it. */
export function applyRules(event: Event, rules: readonly EventRule[]): readonly Applied[] {
  return rules.filter((rule) => isFor(rule, event.type)).map((rule) => applyRule(rule, event));
}

function isFor({ on }: EventRule, type: string): boolean {
  if (type.startsWith(OWN_TYPES)) return false;
  return on.some((pattern) => isOn(type, pattern));
}

function applyRule(rule: EventRule, event: Event): Applied {
  const faults: EventFault[] = [];
  const tags = new Set<string>();
  for (const template of rule.purge) {
    const made = expand(template, event);
    if (made.kind === 'fault') {
      faults.push({ rule: rule.name, field: made.field, detail: `${rule.name}: ${made.field} ${made.why}, in ${template.source}` });
      continue;
    }
    const wrong = made.texts.find((text) => faultOfTags([text]) !== undefined);
    if (wrong !== undefined) faults.push(noTag(rule, template, wrong));
    for (const text of made.texts) tags.add(text);
  }
  const scopes: (readonly [string, string])[] = [];
  for (const { name, value } of rule.scopes) {
    const made = expand(value, event);
    if (made.kind === 'fault')
      faults.push({ rule: rule.name, field: made.field, detail: `${rule.name}: ${made.field} ${made.why}, in the scope ${name}` });
    else for (const text of made.texts) scopes.push([name, text]);
  }
  const version = rule.version === undefined ? undefined : versionOf(rule, rule.version, event);
  if (typeof version === 'object') faults.push(version);
  return faults.length > 0 || typeof version === 'object'
    ? { kind: 'faulty', rule, faults }
    : { kind: 'named', rule, tags: [...tags], scopes, version };
}

function noTag({ name: rule }: EventRule, { source, parts }: Template, text: string): EventFault {
  const fields = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  const [field] = fields;
  const detail = `${rule}: ${fields.join(' and ')} in ${source}: ${faultOfTags([text])?.detail ?? ''}`;
  return { rule, ...(field === undefined || fields.length > 1 ? {} : { field }), detail };
}

/** As `versions` of POST /v1/purge: 15 digits at most. */
const VERSION = /^(?:0|[1-9]\d{0,14})$/;

function versionOf({ name: rule }: EventRule, field: Field, event: Event): number | EventFault | undefined {
  const found = valuesOf(field, event);
  const refuse = (why: string): EventFault => ({ rule, field: field.name, detail: `${rule}: ${field.name} ${why}, in version` });
  if (found.kind === 'fault') return refuse(found.why);
  const [text] = found.texts;
  if (found.texts.length > 1) return refuse('has several values');
  if (text === undefined) return undefined;
  return VERSION.test(text) ? Number(text) : refuse('is not a version: a whole number from 0 on with at most 15 digits is allowed');
}

type Named = Extract<Applied, { kind: 'named' }>;

/** Hard where one of them is, and the longest settle window: more than each asks for, never less. */
function together(named: readonly Named[]): Plan {
  const tags = new Set(named.flatMap((one) => one.tags));
  const scopes = new Map(named.flatMap((one) => one.scopes).map((scope) => [JSON.stringify(scope), scope]));
  const by = named.filter((one) => one.tags.length + one.scopes.length > 0).map(({ rule }) => rule.name);
  if (by.length === 0) return { kind: 'unmatched' };
  if (tags.size > MOST_TEXTS || scopes.size > MOST_TEXTS) return { kind: 'rejected', faults: [tooMany(by, Math.max(tags.size, scopes.size))] };
  const versions = new Map<string, number>();
  for (const { tags: own, version } of named) {
    if (version !== undefined) for (const tag of own) versions.set(tag, Math.max(version, versions.get(tag) ?? 0));
  }
  const mode = named.some(({ rule }) => rule.mode === 'hard') ? 'hard' : 'soft';
  const settleMs = Math.max(...named.map(({ rule }) => rule.settleMs));
  return { kind: 'purge', by, order: { ...NOTHING, tags: [...tags], scopes: [...scopes.values()], mode, settleMs, versions } };
}

function tooMany(by: readonly string[], count: number): EventFault {
  return {
    rule: by.join(' and '),
    detail: `${by.join(' and ')}: name ${count} tags or scopes for one event; ${MOST_TEXTS} are allowed in one purge`,
  };
}

function carriedBy(event: Event, scopeNames: readonly string[]): Plan {
  const read = readPurgeBody(JSON.stringify(event.data) ?? '', scopeNames);
  if ('order' in read) return { kind: 'purge', order: read.order, by: [PURGE_TYPE] };
  return { kind: 'rejected', faults: read.faults.map(({ detail }) => ({ rule: PURGE_TYPE, detail: `data of ${PURGE_TYPE}: ${detail}` })) };
}
