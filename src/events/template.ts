// Which texts does a template of an event rule make of one event? `order:{id}`, `product:{items.sku}`, `tenant:{event.tenant}`. Pure; lists fan out.
import { isRecord } from '../http/json.ts';
import type { Event } from './event.ts';

export interface Template {
  readonly source: string;
  readonly parts: readonly (string | Field)[];
}

/** What stands in braces. */
export interface Field {
  /** As written, without the question mark. */
  readonly name: string;
  /** `{customer.id?}`: where it is absent, null or an empty list the template makes nothing. */
  readonly isOptional: boolean;
  /** Where it is: in the event's data, or in an attribute of the event. */
  readonly steps: readonly string[];
  readonly from: 'data' | 'event';
}

export type Texts =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  /** `field` as written; `why` never repeats a value. */
  | { readonly kind: 'fault'; readonly field: string; readonly why: string };

/** Of values and of texts: what one purge may name. */
export const MOST_TEXTS = 256;

const STEP = /^[\p{L}\p{N}_$@-]+$/u;
const ATTRIBUTE = /^[a-z0-9]{1,20}$/;
/** Attributes that no tag is made of. */
const NO_TAG = new Set(['time', 'specversion', 'datacontenttype', 'dataschema']);

/** Of a text that stands between fields. */
export const TAG_LITERAL = /^[\x21-\x2b\x2d-\x7a\x7c\x7e]*$/;
export const VALUE_LITERAL = /^[\x20-\x7a\x7c\x7e]*$/;

/** `literal`: what may stand outside of braces. */
export function parseTemplate(
  source: string,
  literal: RegExp,
): { readonly kind: 'template'; readonly template: Template } | { readonly kind: 'refuse'; readonly message: string } {
  if (source === '') return { kind: 'refuse', message: 'found nothing; allowed: text with fields of the event in braces (order:{id})' };
  const parts: (string | Field)[] = [];
  for (const [at, piece] of source.split(/\{([^{}]*)\}/).entries()) {
    if (at % 2 === 0) {
      if (!literal.test(piece)) return { kind: 'refuse', message: literalMessage(source, literal) };
      if (piece !== '') parts.push(piece);
      continue;
    }
    const field = fieldOf(piece);
    if (typeof field === 'string') return { kind: 'refuse', message: field };
    parts.push(field);
  }
  return { kind: 'template', template: { source, parts } };
}

/** The one field of a template that is nothing else. */
export function loneField({ parts }: Template): Field | undefined {
  const [field] = parts;
  return parts.length === 1 && typeof field === 'object' ? field : undefined;
}

function literalMessage(source: string, literal: RegExp): string {
  const without = literal === TAG_LITERAL ? ' without spaces or commas' : '';
  return `found ${JSON.stringify(source.slice(0, 60))}; allowed: visible characters${without}, with fields of the event in braces (order:{id})`;
}

function fieldOf(written: string): Field | string {
  const isOptional = written.endsWith('?');
  const name = isOptional ? written.slice(0, -1) : written;
  const steps = name.split('.');
  const wrong = steps.find((step) => !STEP.test(step));
  if (wrong !== undefined) {
    return `{${written.slice(0, 60)}} is no field; allowed: names with dots between them ({customer.id}), {event.subject} and other attributes, and ? behind what may be absent`;
  }
  if (steps[0] !== 'event') return { name, isOptional, steps, from: 'data' };
  const [, attribute = '', ...others] = steps;
  if (attribute === 'data' && others.length > 0) return { name, isOptional, steps: others, from: 'data' };
  if (!ATTRIBUTE.test(attribute) || attribute === 'data' || others.length > 0 || NO_TAG.has(attribute)) {
    return `{${written.slice(0, 60)}} is no attribute of events that a template can take; allowed: {event.subject}, {event.source}, {event.type}, {event.id}, extension attributes, and {event.data.PATH}`;
  }
  return { name, isOptional, steps: [attribute], from: 'event' };
}

/** Every combination of the values of its fields, each once; none where an optional one is absent. */
export function expand(template: Template, event: Event): Texts {
  let texts: readonly string[] = [''];
  for (const part of template.parts) {
    if (typeof part === 'string') {
      texts = texts.map((text) => text + part);
      continue;
    }
    const found = valuesOf(part, event);
    if (found.kind === 'fault') return found;
    if (texts.length * found.texts.length > MOST_TEXTS) return fault(part, `makes more than ${MOST_TEXTS} of ${template.source}`);
    texts = texts.flatMap((text) => found.texts.map((value) => text + value));
  }
  return { kind: 'texts', texts: [...new Set(texts)] };
}

/** The values of a field, each once. */
export function valuesOf(field: Field, event: Event): Texts {
  const values = new Set<string>();
  const why = collect(field.from === 'data' ? event.data : attributesOf(event), field.steps, values);
  if (why === ABSENT || (why === undefined && values.size === 0)) {
    return field.isOptional && values.size === 0 ? { kind: 'texts', texts: [] } : fault(field, why ?? 'is an empty list');
  }
  return why === undefined ? { kind: 'texts', texts: [...values] } : fault(field, why);
}

const ABSENT = 'is missing';

/** Of lists in lists. */
const MOST_DEEP = 32;

/** Puts what is found into `values`; says why where something is not fit to be one. */
function collect(found: unknown, steps: readonly string[], values: Set<string>, depth = 0): string | undefined {
  if (Array.isArray(found)) {
    if (depth >= MOST_DEEP) return `has more than ${MOST_DEEP} lists in one another`;
    for (const item of found) {
      const why = collect(item, steps, values, depth + 1);
      if (why !== undefined) return Array.isArray(item) ? why : `${why} in a list`;
      if (values.size > MOST_TEXTS) return `has more than ${MOST_TEXTS} values`;
    }
    return undefined;
  }
  const [step, ...others] = steps;
  if (step !== undefined) {
    if (found === undefined || found === null) return ABSENT;
    if (!isRecord(found)) return `is not there: ${kindOf(found)} has no ${step}`;
    return Object.hasOwn(found, step) ? collect(found[step], others, values, depth) : ABSENT;
  }
  const value = scalar(found);
  if (value.why !== undefined) return value.why;
  values.add(value.text);
  return undefined;
}

/** A number with a fraction, or one that JSON has rounded, is not what the API tags by. */
function scalar(found: unknown): { readonly text: string; readonly why?: undefined } | { readonly why: string } {
  if (found === undefined || found === null) return { why: ABSENT };
  if (found === '') return { why: 'is empty' };
  if (typeof found === 'string') return { text: found };
  if (typeof found === 'boolean' || (typeof found === 'number' && Number.isSafeInteger(found))) return { text: String(found) };
  if (typeof found === 'number') return { why: 'is a number that cannot be told exactly; send it as text' };
  return { why: `is ${kindOf(found)}` };
}

function kindOf(found: unknown): string {
  if (Array.isArray(found)) return 'a list';
  return isRecord(found) ? 'a map' : `a ${typeof found}`;
}

function attributesOf({ id, source, type, subject, extensions }: Event): Readonly<Record<string, unknown>> {
  return { ...extensions, id, source, type, ...(subject === undefined ? {} : { subject }) };
}

function fault({ name }: Field, why: string): Texts {
  return { kind: 'fault', field: name, why };
}
