// Which marks does a tag, URL, prefix, host, claim, scope or route have? A keyed 64-bit hash, read as a pair (bucket, fingerprint). PURGE-PROTOCOL §3.1.
// The key keeps outsiders from choosing tags that share a mark; the type byte keeps a tag from being written so that it is taken for a URL.
import { hash } from 'node:crypto';
import { unreservedDecoded } from '../rules/path-pattern.ts';
import type { Target } from '../http/target.ts';

/** What a purge of a URL or a prefix names. Without authority: on any host. */
export interface UrlSelector {
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
}

/** What is known of an entry before its response is. */
export interface ImplicitInput {
  /** After the query rule of its route. */
  readonly target: Target;
  readonly routeName: string;
  readonly scopeId: string;
  readonly claims: readonly (readonly [string, string])[];
}

/** Segments of a path that have a prefix tag. A longer prefix selector purges by its first 16: more than asked, never less. */
export const MAX_PREFIX_DEPTH = 16;

const TYPES = {
  tag: 't',
  group: 'g',
  url: 'u',
  'url-any-host': 'U',
  host: 'h',
  prefix: 'p',
  'prefix-any-host': 'P',
  claim: 'c',
  scope: 's',
  route: 'r',
} as const;
type TagType = keyof typeof TYPES;

/** Two generations of this many remembered texts, each short: at most a few MiB. */
const MEMO_TEXTS = 8192;
const MEMO_TEXT_LENGTH = 256;

interface TagId {
  readonly bucket: number;
  readonly fingerprint: number;
}

/** Hashes under one secret. Every method returns pairs of (bucket, fingerprint); a fingerprint is never 0. */
export class TagHash {
  readonly #key: string;
  #recent = new Map<string, TagId>();
  #older = new Map<string, TagId>();

  constructor(secret: Buffer) {
    this.#key = hash('sha256', secret, 'hex');
  }

  tagIds(tags: readonly string[]): Int32Array {
    return pairs(tags.map((tag) => this.#idOf('tag', [tag])));
  }

  /** RFC 9875 §2.1: a group is bound to its origin, so one origin cannot purge another's. */
  groupIds(origin: string, groups: readonly string[]): Int32Array {
    return pairs(groups.map((group) => this.#idOf('group', [withoutDefaultPort(origin), group])));
  }

  /** A URL as a purge names it, after the query rule of its route. */
  urlIds(url: UrlSelector): Int32Array {
    return pairs([url.authority === undefined ? this.#urlOfAnyHost(url) : this.#urlOf(url.authority, url)]);
  }

  /** `/docs`, `/docs/` and `/docs/*` are one prefix: of `/docs` and of what is below it, at segment boundaries. */
  prefixIds(prefix: Omit<UrlSelector, 'query'>): Int32Array {
    const path = prefixesOf(unreservedDecoded(prefix.path.endsWith('/*') ? prefix.path.slice(0, -1) : prefix.path)).at(-1) ?? '';
    return pairs([prefix.authority === undefined ? this.#idOf('prefix-any-host', [path]) : this.#prefixOf(prefix.authority, path)]);
  }

  claimIds(claims: readonly (readonly [string, string])[]): Int32Array {
    return pairs(claims.map((claim) => this.#idOf('claim', claim)));
  }

  /** The tags that every entry of this target, route and scope has. */
  implicitTags(input: ImplicitInput): Int32Array {
    const { target, routeName, scopeId, claims } = input;
    const ids = [this.#urlOf(target.authority, target), this.#urlOfAnyHost(target)];
    ids.push(this.#hostOf(target.authority), this.#idOf('route', [routeName]), this.#idOf('scope', [scopeId]));
    ids.push(this.#idOf('prefix-any-host', ['']));
    const whole = unreservedDecoded(target.path);
    for (const path of prefixesOf(whole)) {
      const ofHost = [withoutDefaultPort(target.authority), path];
      if (path === whole) ids.push(this.#hash('prefix', ofHost), this.#hash('prefix-any-host', [path]));
      else ids.push(this.#idOf('prefix', ofHost), this.#idOf('prefix-any-host', [path]));
    }
    for (const claim of claims) ids.push(this.#idOf('claim', claim));
    return pairs(ids);
  }

  /** All of them in one array. */
  join(...parts: readonly Int32Array[]): Int32Array {
    const joined = new Int32Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      for (let i = 0; i < part.length; i++) joined[at++] = part[i] as number;
    }
    return joined;
  }

  #urlOf(authority: string, url: { readonly path: string; readonly query: string }): TagId {
    return this.#hash('url', [withoutDefaultPort(authority), unreservedDecoded(url.path), url.query]);
  }

  #urlOfAnyHost(url: { readonly path: string; readonly query: string }): TagId {
    return this.#hash('url-any-host', [unreservedDecoded(url.path), url.query]);
  }

  #hostOf(authority: string): TagId {
    return this.#idOf('host', [withoutDefaultPort(authority)]);
  }

  /** The prefix of everything on a host is the host's own tag. */
  #prefixOf(authority: string, path: string): TagId {
    return path === '' ? this.#hostOf(authority) : this.#idOf('prefix', [withoutDefaultPort(authority), path]);
  }

  /** Through the memo: for texts that come again. URLs do not go through it; they would push everything else out. */
  #idOf(type: TagType, parts: readonly string[]): TagId {
    const text = textOf(type, parts);
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const id = this.#older.get(text) ?? this.#hashText(text);
    if (text.length <= MEMO_TEXT_LENGTH) this.#remember(text, id);
    return id;
  }

  #remember(text: string, id: TagId): void {
    if (this.#recent.size >= MEMO_TEXTS) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, id);
  }

  #hash(type: TagType, parts: readonly string[]): TagId {
    return this.#hashText(textOf(type, parts));
  }

  #hashText(text: string): TagId {
    // As text, since a buffer of its own costs as much as the hash.
    const digest = hash('sha256', this.#key + text, 'latin1');
    // 0 is an empty slot's fingerprint.
    return { bucket: int32At(digest, 0), fingerprint: int32At(digest, 4) || 1 };
  }
}

/** Little-endian, of latin1 text. */
function int32At(text: string, at: number): number {
  return text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8) | (text.charCodeAt(at + 2) << 16) | (text.charCodeAt(at + 3) << 24);
}

/** A purge finds an entry under either scheme (TLS may end in front), so neither default port counts; keys keep what was received. */
function withoutDefaultPort(authority: string): string {
  return authority.replace(/:(?:80|443)$/, '');
}

/** Injective: the type is one character and every part but the last has its length in front. */
function textOf(type: TagType, parts: readonly string[]): string {
  let text: string = TYPES[type];
  for (let i = 0; i < parts.length - 1; i++) text += `${(parts[i] as string).length}:${parts[i] as string}`;
  return text + (parts.at(-1) ?? '');
}

function pairs(ids: readonly TagId[]): Int32Array {
  const joined = new Int32Array(ids.length * 2);
  ids.forEach((id, i) => {
    joined[2 * i] = id.bucket;
    joined[2 * i + 1] = id.fingerprint;
  });
  return joined;
}

/** What stands before each `/` after the first, and the whole path unless it ends in one: `/a/b/` has `/a` and `/a/b`. */
function prefixesOf(path: string): string[] {
  const prefixes: string[] = [];
  let at = path.indexOf('/', 1);
  while (at !== -1 && prefixes.length < MAX_PREFIX_DEPTH) {
    prefixes.push(path.slice(0, at));
    at = path.indexOf('/', at + 1);
  }
  if (prefixes.length < MAX_PREFIX_DEPTH && path !== '' && !path.endsWith('/')) prefixes.push(path);
  return prefixes;
}
