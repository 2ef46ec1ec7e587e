// A request as a seed has it: most are what clients send, some are what they may, and a few are what nobody should.
import type { Random } from '../history/random.ts';
import {
  HOSTS,
  KINDS,
  LINES,
  ODD_HOSTS,
  ODD_LINES,
  ODD_METHODS,
  ODD_TARGETS,
  ODD_VERSIONS,
  OTHER_METHODS,
  PURGE_LINES,
  PURGE_TOKEN,
  QUERIES,
  ROUTES,
} from './words.ts';

export interface MadeRequest {
  readonly method: string;
  readonly text: string;
}

/** Of each kind of path there are so many, so that they are asked for again. */
const NUMBERS = 3;
/** The defaults of limits.header_bytes and limits.url_bytes. */
const HEADER_BYTES = 16_384;
const URL_BYTES = 8_192;
/** So close to them. */
const NEAR = 6;

/** `host`: the one that it names, where that must be known. */
export function madeRequest(decide: Random, host?: string): MadeRequest {
  const method = methodOf(decide);
  const body = bodyOf(decide, method);
  const line = `${method} ${targetOf(decide, method)} ${decide.chance(0.03) ? decide.pick(ODD_VERSIONS) : 'HTTP/1.1'}`;
  const lines = [...fieldLinesOf(decide, host ?? hostOf(decide)), ...(method === 'PURGE' ? purgeLinesOf(decide) : []), ...body.lines];
  return { method, text: `${[line, ...lines].join('\r\n')}\r\n\r\n${body.text}` };
}

function methodOf(decide: Random): string {
  if (decide.chance(0.9)) return decide.chance(0.85) ? 'GET' : 'HEAD';
  if (decide.chance(0.3)) return 'PURGE';
  return decide.pick(decide.chance(0.7) ? OTHER_METHODS : ODD_METHODS);
}

/** Writes and purges have paths of their own, as purges have tags (words.ts). */
function targetOf(decide: Random, method: string): string {
  if (method !== 'GET' && method !== 'HEAD') return decide.chance(0.9) ? `/write/${decide.below(NUMBERS)}` : decide.pick(['*', '/', '/write/a#b']);
  if (decide.chance(0.05)) return decide.pick(ODD_TARGETS);
  const path = `${pathOf(decide)}${decide.chance(0.1) ? decide.pick(QUERIES) : ''}`;
  return decide.chance(0.005) ? path.padEnd(URL_BYTES + near(decide), 'x') : path;
}

function pathOf(decide: Random): string {
  const path = `/${decide.pick(KINDS)}/${decide.below(NUMBERS)}`;
  return decide.chance(0.2) ? `/${decide.pick(ROUTES)}${path}` : path;
}

function hostOf(decide: Random): string | undefined {
  if (decide.chance(0.8)) return 'shop.test';
  if (decide.chance(0.05)) return undefined;
  return decide.pick(decide.chance(0.1) ? ODD_HOSTS : HOSTS);
}

function fieldLinesOf(decide: Random, host: string | undefined): string[] {
  const lines = host === undefined ? [] : [styled(decide, `Host: ${host}`)];
  const own = Array.from({ length: decide.below(1 + decide.below(8)) }, () => styled(decide, decide.pick(decide.chance(0.1) ? ODD_LINES : LINES)));
  // Host first, as most clients have it.
  if (decide.chance(0.9)) lines.push(...own);
  else lines.unshift(...own);
  if (decide.chance(0.01)) lines.push(...many(decide, lines.length));
  if (decide.chance(0.01)) lines.push(`X-Long: ${'a'.repeat(HEADER_BYTES + near(decide) * 4 - lines.join('\r\n').length)}`);
  return lines;
}

function purgeLinesOf(decide: Random): string[] {
  const own = Array.from({ length: decide.below(3) }, () => decide.pick(PURGE_LINES));
  return decide.chance(0.8) ? [`Authorization: Bearer ${decide.chance(0.9) ? PURGE_TOKEN : 'other'}`, ...own] : own;
}

function many(decide: Random, before: number): string[] {
  return Array.from({ length: Math.max(0, 100 + near(decide) - before) }, (_, i) => `a${i}: b`);
}

function near(decide: Random): number {
  return decide.below(2 * NEAR) - NEAR;
}

/** Another case of the name, other white space around the value. */
function styled(decide: Random, line: string): string {
  if (decide.chance(0.6)) return line;
  const colon = line.indexOf(':');
  const name = decide.pick([line.slice(0, colon), line.slice(0, colon).toLowerCase(), line.slice(0, colon).toUpperCase()]);
  return `${name}:${decide.pick(['', ' ', ' ', '  ', '\t', ' \t '])}${line.slice(colon + 1).trimStart()}${decide.pick(['', '', ' ', '\t '])}`;
}

interface Body {
  readonly lines: readonly string[];
  readonly text: string;
}

function bodyOf(decide: Random, method: string): Body {
  const isUsual = OTHER_METHODS.includes(method) && method !== 'OPTIONS';
  // That of a PURGE is not read: whether the connection goes on then depends on whether it has come when it is answered.
  if (method === 'PURGE' || !decide.chance(isUsual ? 0.7 : 0.02)) return { lines: [], text: '' };
  const text = 'body '.repeat(decide.below(40));
  if (decide.chance(0.5)) return { lines: [`Content-Length: ${text.length}`], text };
  const chunk = text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`;
  return { lines: ['Transfer-Encoding: chunked'], text: `${chunk}0\r\n\r\n` };
}
