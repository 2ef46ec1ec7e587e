// What can happen to the bytes of a request: a few edits, at places that mean something more often than not.
import type { Random } from '../history/random.ts';
import { LINES, ODD_LINES, SCRAPS } from './words.ts';

type Edit = (text: string, decide: Random) => string;

export function edited(text: string, decide: Random): string {
  let out = text;
  for (let left = 1 + decide.below(3); left > 0; left--) out = decide.pick(EDITS)(out, decide);
  return out;
}

const EDITS: readonly Edit[] = [
  (text, decide) => spliced(text, placeIn(text, decide), 0, scrap(decide)),
  (text, decide) => spliced(text, placeIn(text, decide), 1, scrap(decide)),
  (text, decide) => spliced(text, placeIn(text, decide), 1 + decide.below(3), ''),
  (text, decide) => spliced(text, placeIn(text, decide), 1, String.fromCharCode(decide.below(256))),
  swapped,
  recased,
  (text, decide) => onLine(text, decide, (line) => [line, line]),
  (text, decide) => onLine(text, decide, () => []),
  (text, decide) => onLine(text, decide, (line) => [line, decide.pick(decide.chance(0.5) ? LINES : ODD_LINES)]),
  (text, decide) => onLine(text, decide, (line) => [`${line}${decide.pick([' ', '\t', '\r', '\0', '\x80'])}`]),
  (text, decide) => onLine(text, decide, (line) => [`${decide.pick([' ', '\t', '\r', ':'])}${line}`]),
  (text, decide) => onLine(text, decide, (line) => [line.replace(':', decide.pick([' :', '\t:', '', '::', ';', ':\0']))]),
  (text, decide) => onLineEnd(text, decide, decide.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', ' \r\n', ''])),
  (text, decide) => text.slice(0, placeIn(text, decide)),
  (text, decide) => text + decide.pick(['\r\n', '\n', '\0', 'X', 'GET ', '0\r\n\r\n', ' HTTP/1.1\r\n\r\n']),
  (text, decide) => decide.pick(['\r\n', '\n', '\r', ' ', '\0', '\x16\x03\x01', '\xef\xbb\xbf']) + text,
];

function scrap(decide: Random): string {
  return decide.pick(SCRAPS);
}

/** Half of them beside a space, a colon, a slash or a line end. */
function placeIn(text: string, decide: Random): number {
  const any = decide.below(text.length + 1);
  if (decide.chance(0.5)) return any;
  const near = text.slice(any).search(/[ :/\r\n]/);
  return near === -1 ? any : any + near + decide.below(2);
}

function spliced(text: string, at: number, cut: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + cut);
}

function swapped(text: string, decide: Random): string {
  const at = placeIn(text, decide);
  const [first = '', second = ''] = text.slice(at, at + 2);
  return spliced(text, at, 2, second + first);
}

function recased(text: string, decide: Random): string {
  const at = placeIn(text, decide);
  const span = text.slice(at, at + 1 + decide.below(8));
  return spliced(text, at, span.length, decide.chance(0.5) ? span.toUpperCase() : span.toLowerCase());
}

function onLine(text: string, decide: Random, change: (line: string) => readonly string[]): string {
  const lines = text.split('\r\n');
  const at = decide.below(lines.length);
  return lines.toSpliced(at, 1, ...change(lines[at] ?? '')).join('\r\n');
}

function onLineEnd(text: string, decide: Random, end: string): string {
  const ends = [...text.matchAll(/\r\n/g)];
  return ends.length === 0 ? text : spliced(text, decide.pick(ends).index, 2, end);
}
