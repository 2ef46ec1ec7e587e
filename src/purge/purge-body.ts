// What does the body of POST /v1/purge ask for? DESIGN section 2 "Purging". Every fault is found and named, with what is allowed.
import { isRecord, parseJson } from '../http/json.ts';
import { parseUrlSelector } from '../http/target.ts';
import { isScopeName } from '../rules/scope-names.ts';
import { MAX_TAG_BYTES, isTag } from './surrogate-keys.ts';
import type { PurgeOrder } from './order.ts';
import type { UrlSelector } from './tag-hash.ts';

export interface Fault {
  readonly kind: 'malformed' | 'no-selector' | 'too-large';
  readonly detail: string;
}

/** Of a body, whole. */
export const MAX_BODY_BYTES = 64 * 1024;
/** Of tags, of versions, and of each other list. */
const MAX_SELECTORS = 256;
const MAX_REASON_LENGTH = 500;
const MAX_SETTLE_MS = 3_600_000;
const MEMBERS = ['tags', 'urls', 'prefixes', 'scopes', 'all', 'mode', 'settle', 'versions', 'reason'] as const;
type Member = (typeof MEMBERS)[number];

/** The order that `text` states, without who asks; or its faults. `scopeNames`: what scopes may be named by. */
export function readPurgeBody(
  text: string,
  scopeNames: readonly string[],
): { readonly order: Omit<PurgeOrder, 'kind' | 'actor'> } | { readonly faults: readonly Fault[] } {
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) return { faults: [{ kind: 'too-large', detail: `The body is over ${MAX_BODY_BYTES} bytes.` }] };
  const json = parseJson(text);
  if (!isRecord(json)) return { faults: [malformed('The body is not a JSON object.')] };
  const body = new BodyReader(json);
  const settleMs = body.settleMs();
  const reason = body.reason();
  const order = {
    tags: body.tags(),
    groups: [],
    urls: body.urls('urls'),
    prefixes: body.urls('prefixes').map(({ authority, path }) => ({ authority, path })),
    scopes: body.scopes(scopeNames),
    all: body.all(),
    mode: body.mode(),
    versions: body.versions(),
    ...(settleMs === undefined ? {} : { settleMs }),
    ...(reason === undefined ? {} : { reason }),
  };
  if (body.faults.length === 0 && !namesAnything(order))
    return { faults: [{ kind: 'no-selector', detail: `Name something in ${listed(MEMBERS.slice(0, 5))} or versions.` }] };
  return body.faults.length > 0 ? { faults: body.faults } : { order };
}

/** Why `tags` cannot be purged; undefined where they can. */
export function faultOfTags(tags: readonly string[]): Fault | undefined {
  if (tags.length > MAX_SELECTORS) return tooLarge(`There are ${tags.length} tags; ${MAX_SELECTORS} are allowed.`);
  for (const tag of tags) {
    if (tag.length > MAX_TAG_BYTES) return tooLarge(`The tag ${quoted(tag)} has ${tag.length} bytes; ${MAX_TAG_BYTES} are allowed.`);
    if (!isTag(tag))
      return malformed(`The tag ${quoted(tag)} is not one: 1 to ${MAX_TAG_BYTES} visible ASCII characters without commas are allowed.`);
  }
  return undefined;
}

/** The same of groups beside `tagCount` tags. */
export function faultOfGroups(groups: readonly string[], tagCount: number): Fault | undefined {
  const count = tagCount + groups.length;
  if (count > MAX_SELECTORS) return tooLarge(`There are ${count} tags and groups; ${MAX_SELECTORS} are allowed.`);
  const long = groups.find((group) => group.length > MAX_TAG_BYTES);
  return long === undefined ? undefined : tooLarge(`The group ${quoted(long)} has ${long.length} bytes; ${MAX_TAG_BYTES} are allowed.`);
}

/** `2s`, `250ms`; undefined where it is not a settle window. */
export function parseSettle(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const settleMs = Number(digits) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ''] ?? NaN);
  return settleMs <= MAX_SETTLE_MS ? settleMs : undefined;
}

export const SETTLE_ALLOWED = 'a whole number and ms, s, m or h, at most 1h, is allowed';

export function malformed(detail: string): Fault {
  return { kind: 'malformed', detail };
}

/** A value as it may be repeated to its sender. */
export function quoted(value: unknown, replacer?: (key: string, part: unknown) => unknown): string {
  const text = JSON.stringify(value, replacer) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Reads the members one by one; a faulty one reads as absent and leaves its fault. */
class BodyReader {
  readonly faults: Fault[] = [];
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(json: object) {
    this.#members = new Map(Object.entries(json));
    for (const name of this.#members.keys()) if (!isMember(name)) this.#refuse(unknownMember(name));
  }

  tags(): readonly string[] {
    const tags = this.#list('tags', isString, 'a string').filter(isString);
    this.#refuse(faultOfTags(tags));
    return [...new Set(tags)];
  }

  urls(name: 'urls' | 'prefixes'): readonly UrlSelector[] {
    return this.#list(name, isString, 'a string').flatMap((text) => {
      const url = parseUrlSelector(text);
      if (url !== undefined && (name === 'urls' || url.query === '')) return [url];
      this.#refuse(
        malformed(
          `${name}: ${quoted(text)} is not one: http://host/path, //host/path or /path is allowed${name === 'urls' ? '' : ', without a query'}.`,
        ),
      );
      return [];
    });
  }

  /** An entry carries only what its route's scope consists of: a purge of anything else would be confirmed and purge nothing. */
  scopes(names: readonly string[]): readonly (readonly [string, string])[] {
    const allowed = 'an object with one name and its string, such as {"authorization":"Bearer …"}';
    const scopes = this.#list('scopes', isScope, allowed).flatMap((scope) => Object.entries(scope));
    const known = names.length === 0 ? 'every route is public' : `allowed: ${listed(names)}`;
    for (const [name] of scopes) {
      if (!isScopeName(name, names)) this.#refuse(malformed(`scopes: ${named(name)} is part of no route's scope; ${known}.`));
    }
    return scopes;
  }

  all(): boolean {
    return this.#one('all', isBoolean, 'true or false is allowed') ?? false;
  }

  mode(): 'hard' | 'soft' {
    return this.#one('mode', isMode, '"hard" or "soft" is allowed') ?? 'hard';
  }

  settleMs(): number | undefined {
    const text = this.#one('settle', isSettle, SETTLE_ALLOWED);
    return text === undefined ? undefined : parseSettle(text);
  }

  reason(): string | undefined {
    return this.#one('reason', isReason, `a string of at most ${MAX_REASON_LENGTH} characters is allowed`);
  }

  versions(): ReadonlyMap<string, number> {
    const entries = Object.entries(this.#one('versions', isRecord, 'an object of tags and lowest versions is allowed') ?? {});
    this.#refuse(faultOfTags(entries.map(([tag]) => tag)));
    const versions = new Map<string, number>();
    for (const [tag, lowest] of entries) {
      if (isVersion(lowest)) versions.set(tag, lowest);
      else
        this.#refuse(
          malformed(`versions: ${quoted(lowest)} of ${quoted(tag)} is not a version: a whole number from 0 on with at most 15 digits is allowed.`),
        );
    }
    return versions;
  }

  #list<T>(name: Member, is: (value: unknown) => value is T, allowed: string): readonly T[] {
    const list = this.#one(name, isArray, 'an array is allowed') ?? [];
    if (list.length > MAX_SELECTORS) this.#refuse(tooLarge(`There are ${list.length} ${name}; ${MAX_SELECTORS} are allowed.`));
    const wrong = list.find((value) => !is(value));
    if (wrong !== undefined) this.#refuse(malformed(`${name}: found ${shown(name, wrong)}; each must be ${allowed}.`));
    return list.filter(is);
  }

  #one<T>(name: Member, is: (value: unknown) => value is T, allowed: string): T | undefined {
    const value = this.#members.get(name);
    if (value === undefined || is(value)) return value;
    this.#refuse(malformed(`${name}: found ${shown(name, value)}; ${allowed}.`));
    return undefined;
  }

  #refuse(fault: Fault | undefined): void {
    if (fault !== undefined) this.faults.push(fault);
  }
}

function namesAnything(order: Pick<PurgeOrder, 'tags' | 'urls' | 'prefixes' | 'scopes' | 'all' | 'versions'>): boolean {
  return order.all || order.versions.size + order.tags.length + order.urls.length + order.prefixes.length + order.scopes.length > 0;
}

/** Values in scopes may be credentials, and faults are logged: of those only where a value stood, and of names those that look like one. */
function shown(name: Member, value: unknown): string {
  return name === 'scopes' ? quoted(value, (_key, part) => (isString(part) ? '…' : withPlainNames(part))) : quoted(value);
}

/** Who mixes up name and value sends a credential as the name. */
function named(name: string): string {
  return isPlainName(name) ? quoted(name) : 'a name that is not shown';
}

function withPlainNames(part: unknown): unknown {
  return isRecord(part) ? Object.fromEntries(Object.entries(part).map(([name, value], i) => [isPlainName(name) ? name : `…${i}`, value])) : part;
}

function isPlainName(name: string): boolean {
  return /^[a-z][A-Za-z_.-]{0,23}$/.test(name);
}

function unknownMember(name: string): Fault {
  const near = MEMBERS.find((known) => known.startsWith(name.slice(0, 2).toLowerCase()));
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return malformed(`There is no member ${isPlainName(name) ? quoted(name) : 'of a name that is not shown'}; ${listed(MEMBERS)} are allowed.${hint}`);
}

function tooLarge(detail: string): Fault {
  return { kind: 'too-large', detail };
}

function listed(names: readonly string[]): string {
  return names.join(', ');
}

function isMember(name: string): name is Member {
  return (MEMBERS as readonly string[]).includes(name);
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isMode(value: unknown): value is 'hard' | 'soft' {
  return value === 'hard' || value === 'soft';
}

function isSettle(value: unknown): value is string {
  return isString(value) && parseSettle(value) !== undefined;
}

function isReason(value: unknown): value is string {
  return isString(value) && value.length <= MAX_REASON_LENGTH;
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e15;
}

function isScope(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.keys(value).length === 1 && Object.values(value).every(isString);
}
