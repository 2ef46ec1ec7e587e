// Is what a connection has sent a plain request: a whole GET, HEAD or PURGE, without a body, in a grammar that no two parsers read differently (DESIGN §7)?
// It takes less than node:http does and refuses nothing: whatever is in any doubt is left to node:http and request-head.ts, which know what to say.
import { canonicalAuthority } from '../http/authority.ts';
import { fieldLines, trimWhitespace } from '../http/fields.ts';
import { ownText } from '../http/own-text.ts';
import { originForm, type Target } from '../http/target.ts';
import { fieldsFault, type HeadLimits } from './request-head.ts';

export interface PlainRequest {
  readonly kind: 'plain';
  readonly method: 'GET' | 'HEAD' | 'PURGE';
  readonly target: Target;
  /** One array for all requests whose field lines are the same text. */
  readonly fields: readonly string[];
  /** The client wants no further request on this connection. */
  readonly closes: boolean;
  /** Where the text goes on behind it. */
  readonly end: number;
}

/** `incomplete`: its first line is that of one, and the rest is still to come. `doubtful`: it is for node:http, from its first byte on. */
export type Reading = PlainRequest | { readonly kind: 'incomplete' } | { readonly kind: 'doubtful' };

const INCOMPLETE: Reading = { kind: 'incomplete' };
const DOUBTFUL: Reading = { kind: 'doubtful' };

const VERSION = ' HTTP/1.1\r\n';

/** The field lines of a request, read once for all that have the same. */
interface FieldBlock {
  readonly fields: readonly string[];
  readonly authority: string;
  readonly closes: boolean;
}

/** So many texts of field lines are remembered, each of so many characters at most; then they are forgotten together. */
const KEPT_BLOCKS = 1_000;
const KEPT_BLOCK_LENGTH = 2_048;

export class PlainRequests {
  readonly #limits: HeadLimits;
  /** Of a whole head: what node:http was told at its start, which no reload changes. */
  readonly #mostBytes: number;
  /** Clients send the same lines again and again. Undefined: in doubt. */
  readonly #blocks = new Map<string, FieldBlock | undefined>();

  constructor(limits: HeadLimits, mostBytes: number = limits.headerBytes + limits.urlBytes) {
    this.#limits = limits;
    this.#mostBytes = mostBytes;
  }

  /** What `text`, which is latin1, begins with. */
  read(text: string): Reading {
    const method = methodAt(text);
    const lineEnd = text.indexOf('\r\n');
    const targetEnd = lineEnd + 2 - VERSION.length;
    if (method === undefined || !text.startsWith(VERSION, targetEnd)) return DOUBTFUL;
    const requestTarget = text.slice(method.length + 1, targetEnd);
    if (!requestTarget.startsWith('/') || requestTarget.length > this.#limits.urlBytes) return DOUBTFUL;
    const headEnd = text.indexOf('\r\n\r\n', lineEnd);
    if (headEnd === -1) return text.length - lineEnd > this.#limits.headerBytes ? DOUBTFUL : INCOMPLETE;
    if (headEnd > this.#mostBytes) return DOUBTFUL;
    const block = this.#block(text.slice(lineEnd + 2, headEnd + 2));
    if (block === undefined) return DOUBTFUL;
    const parsed = originForm({ scheme: 'http', authority: block.authority }, requestTarget);
    if (parsed.kind === 'refuse') return DOUBTFUL;
    return { kind: 'plain', method, target: parsed.target, fields: block.fields, closes: block.closes, end: headEnd + 4 };
  }

  #block(lines: string): FieldBlock | undefined {
    if (lines.length > KEPT_BLOCK_LENGTH) return readBlock(lines, this.#limits);
    const known = this.#blocks.get(lines);
    if (known !== undefined || this.#blocks.has(lines)) return known;
    const own = ownText(lines);
    const block = readBlock(own, this.#limits);
    if (this.#blocks.size >= KEPT_BLOCKS) this.#blocks.clear();
    this.#blocks.set(own, block);
    return block;
  }
}

function methodAt(text: string): PlainRequest['method'] | undefined {
  if (text.startsWith('GET ')) return 'GET';
  if (text.startsWith('HEAD ')) return 'HEAD';
  return text.startsWith('PURGE ') ? 'PURGE' : undefined;
}

/** RFC 9112 §5 without obs-text. Linear: no two of its parts can match the same character. */
const LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e]*)\r\n/y;

/** Undefined where a line is not of that grammar, or where the fields say anything of framing, connections or expectations that a plain request does not. */
function readBlock(lines: string, limits: HeadLimits): FieldBlock | undefined {
  if (lines.length > limits.headerBytes) return undefined;
  const fields: string[] = [];
  LINE.lastIndex = 0;
  for (let at = 0; at < lines.length; at = LINE.lastIndex) {
    const line = LINE.exec(lines);
    if (line === null) return undefined;
    fields.push((line[1] as string).toLowerCase(), trimWhitespace(line[2] as string));
  }
  if (fields.length / 2 > limits.headerCount || fields.some((name, i) => i % 2 === 0 && NOT_PLAIN.has(name))) return undefined;
  if (fieldsFault(fields, '1.1') !== undefined) return undefined;
  const hosts = fieldLines(fields, 'host');
  const authority = hosts.length === 1 ? canonicalAuthority(hosts[0] as string, 'http') : undefined;
  const connection = fieldLines(fields, 'connection').map((value) => value.toLowerCase());
  const isUsual = connection.length === 0 || (connection.length === 1 && CONNECTION_OPTIONS.has(connection[0] as string));
  return authority === undefined || !isUsual ? undefined : { fields, authority, closes: connection[0] === 'close' };
}

/** Proxy-Connection: node:http reads it as Connection. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'te',
  'upgrade',
  'http2-settings',
  'expect',
  'proxy-connection',
]);
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(['keep-alive', 'close']);
