// What do Range and Content-Range say (RFC 9110 §14.1.2, §14.4)? Other units than bytes say nothing to us.
import { listMembers } from './fields.ts';

/** `invalid` is to be ignored like no Range at all (RFC 9110 §14.2). Positions are inclusive and safe integers: a larger last is clamped. */
export type RangeRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'multiple' }
  | { readonly kind: 'range'; readonly first: number; readonly last: number | undefined }
  | { readonly kind: 'suffix'; readonly length: number };

export function parseRange(value: string | undefined): RangeRequest {
  if (value === undefined) return { kind: 'none' };
  const set = /^bytes=(.*)$/i.exec(value)?.[1];
  if (set === undefined) return { kind: 'invalid' };
  const specs = listMembers(set).map(parseSpec);
  const [only] = specs;
  if (only === undefined || specs.some((spec) => spec.kind === 'invalid')) return { kind: 'invalid' };
  return specs.length === 1 ? only : { kind: 'multiple' };
}

function parseSpec(text: string): RangeRequest {
  const parts = /^(\d*)-(\d*)$/.exec(text);
  if (parts === null) return { kind: 'invalid' };
  const [, first = '', last = ''] = parts;
  if (first === '') return last === '' ? { kind: 'invalid' } : { kind: 'suffix', length: position(last) };
  if (last === '') return { kind: 'range', first: position(first), last: undefined };
  if (position(last) < position(first)) return { kind: 'invalid' };
  return { kind: 'range', first: position(first), last: position(last) };
}

function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** The part that a 206 encloses. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** Undefined for `*`: the origin does not know it yet. */
  readonly completeBytes: number | undefined;
}

/** Undefined where it is absent, malformed, contradicts itself, or is that of a 416 (no part at all). */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const parts = /^bytes (\d{1,16})-(\d{1,16})\/(?:(\d{1,16})|\*)$/i.exec(value ?? '');
  if (parts === null) return undefined;
  const first = Number(parts[1]);
  const last = Number(parts[2]);
  const completeBytes = parts[3] === undefined ? undefined : Number(parts[3]);
  if (first > last || !Number.isSafeInteger(last)) return undefined;
  if (completeBytes !== undefined && (completeBytes <= last || !Number.isSafeInteger(completeBytes))) return undefined;
  return { first, last, completeBytes };
}

export function formatContentRange(range: ContentRange): string {
  return `bytes ${range.first}-${range.last}/${range.completeBytes ?? '*'}`;
}
