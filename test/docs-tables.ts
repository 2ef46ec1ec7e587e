// What the tables of the README must say, out of the code: settings, reasons, metrics, expected failures of the conformance suite.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { jsonSchema } from '../src/config/json-schema.ts';
import { ROUTE_DEFAULTS } from '../src/config/route-schema.ts';
import { LIMITS } from '../src/observe/limits.ts';
import { METRICS } from '../src/observe/metric-table.ts';
import { REASONS } from '../src/rules/reasons.ts';
import { EXPECTED_FAILURES } from './conformance/expected-failures.ts';

export type Row = readonly string[];

export const NO_DEFAULT = '-';

/** A node of the JSON Schema, as far as the tables look into it. */
const NODE = z.looseObject({
  description: z.string().default(''),
  default: z.unknown().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  pattern: z.string().default(''),
  const: z.unknown().optional(),
  not: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
});
type Node = z.output<typeof NODE>;

/** Setting, value, default, meaning: everything but what routes have. */
export function settingRows(): readonly Row[] {
  const { defaults: _, routes: __, ...rest } = childrenOf(NODE.parse(jsonSchema()));
  return Object.entries(rest).flatMap(([name, node]) => rowsBelow(name, node));
}

/** The same of routes. The defaults are those that config/freshet.yaml writes out; a test proves them. */
export function routeRows(): readonly Row[] {
  const route = NODE.parse(childrenOf(NODE.parse(jsonSchema()))['routes']?.items);
  const written = writtenDefaults();
  return Object.entries(childrenOf(route)).map(([name, node]) => {
    const byDefault = name in ROUTE_DEFAULTS ? spelled(written[name]) : NO_DEFAULT;
    return [code(name), valueOf(node), byDefault, node.description];
  });
}

/** Of the settings that `defaults` takes. */
export function defaultsKeys(): readonly string[] {
  const { defaults } = childrenOf(NODE.parse(jsonSchema()));
  return defaults === undefined ? [] : Object.keys(childrenOf(defaults));
}

export function reasonRows(): readonly Row[] {
  return Object.entries(REASONS).map(([reason, { source, sentence }]) => [code(reason), source, sentence]);
}

export function metricRows(): readonly Row[] {
  return METRICS.map(({ name, type, labels, help }) => [code(name), type, labels.join(', '), help]);
}

export function limitRows(): readonly Row[] {
  return Object.entries(LIMITS).map(([limit, then]) => [code(limit), then]);
}

export function failureRows(): readonly Row[] {
  return Object.entries(EXPECTED_FAILURES).map(([id, why]) => [code(id), why]);
}

function rowsBelow(name: string, node: Node): readonly Row[] {
  const children = Object.entries(childrenOf(node));
  const below = children.flatMap(([key, child]) => rowsBelow(`${name}.${key}`, child));
  if (mayBeFalse(node)) return [[code(name), 'settings, false', NO_DEFAULT, node.description], ...below];
  if (children.length > 0) return below;
  return [[code(name), valueOf(node), node.default === undefined ? NO_DEFAULT : spelled(node.default), node.description]];
}

/** Of a map with names of the user's own, NAME. */
function childrenOf(node: Node): Readonly<Record<string, Node>> {
  const named = typeof node.additionalProperties === 'object' ? { NAME: node.additionalProperties } : {};
  // Of what may stand by itself or in a list, or of a list, those of one.
  const one = NODE.parse(node.anyOf?.[0] ?? node.items ?? {}).properties;
  return Object.fromEntries(Object.entries(node.properties ?? one ?? named).map(([key, child]) => [key, NODE.parse(child)]));
}

/** A map of settings that may be turned off as a whole. */
function mayBeFalse(node: Node): boolean {
  return (node.anyOf ?? []).some((choice) => NODE.parse(choice).const === false);
}

const ALLOWED: Readonly<Record<string, string>> = {
  boolean: 'true, false',
  string: 'text',
  object: 'maps of texts',
  'string,integer': 'address',
  'string,integer,boolean': 'address, false',
};

function valueOf(node: Node): string {
  if (node.not !== undefined) return 'none yet';
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.join(', ');
  if (node.minimum !== undefined) return `${node.minimum} to ${node.maximum}`;
  if (node.items !== undefined) return `list of ${listed(NODE.parse(node.items))}`;
  if (node.pattern.includes('ms|')) return 'duration';
  if (node.pattern.includes('GiB)/s')) return 'size a second';
  if (node.pattern.includes('KiB')) return 'size';
  if (node.pattern.includes('/s')) return 'rate';
  if (node.pattern.includes('%')) return 'percent';
  const [first, ...others] = (node.anyOf ?? []).map((choice) => NODE.parse(choice));
  if (first !== undefined) return others.some((choice) => choice.type === 'object') ? 'see below' : oneOf(first, others);
  return ALLOWED[String(node.type)] ?? `unknown to this test: ${JSON.stringify(node)}`;
}

function oneOf(first: Node, others: readonly Node[]): string {
  const words = others.flatMap((choice) => (typeof choice.const === 'string' ? [choice.const] : []));
  const one = [valueOf(first), ...words].join(', ');
  return others.some((choice) => choice.type === 'array') ? `${one}, or a list of ${one}s` : one;
}

function listed(item: Node): string {
  const one = valueOf(item);
  return one === 'text' ? 'texts' : one;
}

function spelled(value: unknown): string {
  return code(Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

function writtenDefaults(): Readonly<Record<string, unknown>> {
  const text = readFileSync(new URL('../config/freshet.yaml', import.meta.url), 'utf8');
  return z.looseObject({ defaults: z.record(z.string(), z.unknown()) }).parse(parse(text)).defaults;
}
