// `freshet events test FILE`: rule by rule, what would be purged for each event of a file. Nothing is asked and nothing is purged.
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { unreadable } from '../config/problems.ts';
import { formatDuration } from '../config/units.ts';
import { UsageError } from '../errors.ts';
import { type ReadEvent, readEventText } from '../events/event.ts';
import { type Applied, applyRules, planOf, type Plan } from '../events/rules.ts';
import { parseJson } from '../http/json.ts';
import { scopeNames } from '../rules/scope-names.ts';
import type { Command } from './command.ts';
import { visible } from './visible.ts';

/** Exit code 2 where one of them is no event, or cannot be taken. */
export const testEvents: Command = async (line, { env, print }) => {
  const [name, ...others] = line.words;
  const file = line.one('config');
  const wants = [
    ...(name === undefined || others.length > 0 ? ['one FILE of events, or - for standard input'] : []),
    ...(file === undefined ? ['the configuration that has the rules'] : []),
  ];
  if (name === undefined || file === undefined || wants.length > 0)
    throw new UsageError(`needs ${wants.join(', and ')}: freshet events test FILE --config FILE`);
  const config = loadConfig({ file, env, overrides: {} });
  const read = eventsOf(name === '-' ? await readAll(process.stdin) : textOf(name));
  if (read.length === 0) throw new UsageError(`${name}: there is no event in it`);
  const tried = read.map((one, index) => ({ where: `event ${index + 1}`, ...tryOne(one, config) }));
  for (const one of tried) print(line.has('json') ? JSON.stringify(one) : described(one).map(visible).join('\n'));
  const bad = tried.filter(({ faults }) => faults.length > 0);
  if (bad.length === 0) return;
  const lines = bad.flatMap(({ where, faults }) => faults.map((fault) => visible(`${where}: ${fault}`)));
  throw new UsageError(`${name}: ${bad.length} of ${tried.length} cannot be taken\n${lines.join('\n')}`);
};

interface Tried {
  readonly event?: { readonly id: string; readonly source: string; readonly type: string };
  readonly rules: readonly TriedRule[];
  /** `what`: everything that it names, in words. */
  readonly purge?: {
    readonly mode: string;
    readonly settle?: string;
    readonly what: readonly string[];
    readonly versions: Readonly<Record<string, number>>;
  };
  readonly faults: readonly string[];
}

interface TriedRule {
  readonly rule: string;
  readonly tags?: readonly string[];
  readonly scopes?: readonly Readonly<Record<string, string>>[];
  readonly version?: number;
  readonly faults?: readonly string[];
}

function tryOne(read: ReadEvent, config: Config): Tried {
  if (read.kind === 'malformed') return { rules: [], faults: [read.detail] };
  const { event } = read;
  const { id, source, type } = event;
  const plan = planOf(event, { rules: config.events.rules, scopeNames: scopeNames([...config.routes, config.defaultRoute]) });
  return {
    event: { id, source, type },
    rules: applyRules(event, config.events.rules).map(triedRule),
    ...purgeOf(plan, config),
    faults: plan.kind === 'rejected' ? plan.faults.map(({ detail }) => detail) : [],
  };
}

function triedRule(applied: Applied): TriedRule {
  const { name } = applied.rule;
  if (applied.kind === 'faulty') return { rule: name, faults: applied.faults.map(({ detail }) => detail.replace(`${name}: `, '')) };
  const { tags, scopes, version } = applied;
  return {
    rule: name,
    ...(tags.length > 0 && { tags }),
    ...(scopes.length > 0 && { scopes: scopes.map(([scope, value]) => ({ [scope]: value })) }),
    ...(version !== undefined && { version }),
  };
}

function purgeOf(plan: Plan, config: Config): Pick<Tried, 'purge'> {
  if (plan.kind !== 'purge') return {};
  const { mode, settleMs = config.purge.settleMs, versions } = plan.order;
  return {
    purge: { mode, ...(settleMs > 0 && { settle: formatDuration(settleMs) }), what: whatOf(plan.order), versions: Object.fromEntries(versions) },
  };
}

function whatOf({ all, tags, versions, urls, prefixes, scopes }: Extract<Plan, { kind: 'purge' }>['order']): readonly string[] {
  return [
    ...(all ? ['everything'] : []),
    ...new Set([...tags, ...versions.keys()]),
    ...urls.map(({ authority = '', path, query }) => `URL ${authority}${path}${query}`),
    ...prefixes.map(({ authority = '', path }) => `prefix ${authority}${path}`),
    ...scopes.map(([name, value]) => `scope ${name}=${value}`),
  ];
}

function described({ where, event, rules, purge, faults }: Tried & { readonly where: string }): readonly string[] {
  const head = event === undefined ? where : `${where}: ${event.type} ${event.id} of ${event.source}`;
  const lines = rules.map(({ rule, tags = [], scopes = [], version, faults: own = [] }) => {
    const named = [...tags, ...scopes.map((scope) => `scope ${Object.entries(scope).flat().join('=')}`)];
    const said = own.length > 0 ? own.map((fault) => `cannot be told: ${fault}`) : named.length === 0 ? ['names nothing'] : named;
    return `  ${rule}: ${said.join(', ')}${version === undefined ? '' : ` (version ${version})`}`;
  });
  return [head, ...lines, `  ${outcome({ purge, rules, faults })}`];
}

function outcome({ purge, rules, faults }: Pick<Tried, 'rules' | 'faults'> & { readonly purge: Tried['purge'] }): string {
  if (faults.length > 0) return rules.length === 0 ? faults.join('; ') : 'nothing is purged: it becomes a dead letter';
  if (purge === undefined) return rules.length === 0 ? 'no rule is for it: nothing is purged' : 'nothing is purged';
  const { mode, settle, what } = purge;
  return `one ${mode} purge of ${what.join(', ')}${settle === undefined ? '' : `, settle ${settle}`}`;
}

function textOf(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: cannot be read: ${unreadable(error)}`);
  }
}

/** One event, an array of them, or one a line. */
function eventsOf(text: string): readonly ReadEvent[] {
  const json = parseJson(text);
  if (Array.isArray(json)) return json.map((one) => readEventText(JSON.stringify(one)));
  if (json !== undefined) return [readEventText(JSON.stringify(json))];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const one = parseJson(line);
    return one === undefined ? { kind: 'malformed', detail: 'The line is not JSON.' } : readEventText(JSON.stringify(one));
  });
}
