// What a client of a hunt asks, as a seed has it: which page, as whom, how, and the bytes of it.
import type { Random } from '../history/random.ts';
import { AREAS, type Identity, type Page, PAGES } from './areas.ts';
import type { Asked } from './judge.ts';

/** Most of the requests are for one page at a time, so that they meet. */
const HOT_SHARE = 0.6;
const HOT_FOR_REQUESTS = 200;
export const KINDS = [
  ...Array<'get'>(20).fill('get'),
  'head',
  'conditional',
  'conditional',
  'range',
  'range',
  'if-range',
  'write',
  'leave',
  'leave',
  'pair',
] as const;
export type Kind = (typeof KINDS)[number];

const LANGUAGES = ['en', 'de', 'fr', '-'];
const FLAVOURS = ['sweet', 'sour', '-'];
/** Of POSTs in areas where their answers are for others. */
const POSTS = 0.3;

export interface Chosen {
  readonly page: Page;
  readonly identity: Identity;
  readonly query: Query;
}

/** As it is sent and as it is keyed. */
interface Query {
  readonly sent: string;
  readonly keyed: string;
}

export function choose(decide: Random, nth: number): Chosen {
  const hot = decide.chance(HOT_SHARE);
  const page = hot ? hotPage(Math.floor(nth / HOT_FOR_REQUESTS)) : decide.pick(PAGES);
  const identity = decide.pick(page.area.identities);
  return { page, identity, query: queryOf(decide, { sorted: page.kind === 'sorted', asked: !hot && decide.chance(0.2) }) };
}

/** Area by area, and of each another page when its turn comes again. */
function hotPage(turn: number): Page {
  const nth = turn % AREAS.length;
  const pages = PAGES.filter(({ area }) => area === AREAS[nth]);
  return pages[(Math.floor(turn / AREAS.length) * 5 + nth) % pages.length] as Page;
}

export function plainly(page: Page, identity: Identity): Chosen {
  return { page, identity, query: NO_QUERY };
}

interface How {
  readonly decide: Random;
  readonly kind: Kind;
  readonly isTrusted: boolean;
  readonly id: string;
  /** An entity-tag of the page, whoever saw it. */
  readonly seen: string | undefined;
}

export function requestFor({ page, identity, query }: Chosen, how: How): { asked: Omit<Asked, 'scopes'>; bytes: string } {
  const { decide, id, isTrusted } = how;
  const { claims, ...own } = identity;
  const method = methodOf(page, how);
  const axes = { 'accept-language': decide.pick(LANGUAGES), 'x-flavour': decide.pick(FLAVOURS) };
  const body = method === 'GET' || method === 'HEAD' ? undefined : `${id} `.repeat(1 + decide.below(2000));
  const lines = [`${method} ${page.path}${query.sent} HTTP/1.1`, 'host: shop.example', `x-request: ${id}`];
  for (const [name, value] of Object.entries(axes)) if (value !== '-') lines.push(`${name}: ${value}`);
  if (own.authorization !== undefined) lines.push(`authorization: ${own.authorization}`);
  if (own.cookies !== undefined) lines.push(`cookie: ${own.cookies.join('; ')}`);
  if (claims !== undefined) lines.push(`x-forwarded-proto: ${claims.proto}`, `x-forwarded-host: ${claims.host}`);
  if (body === undefined) lines.push(...conditions(how));
  else lines.push(`content-length: ${body.length}`);
  const asked = {
    method,
    area: page.area,
    key: page.path + query.keyed,
    identity: isTrusted && claims !== undefined ? identity : own,
    axes: seenAxes(page, axes),
    id,
    ...(body === undefined ? {} : { body }),
  };
  return { asked, bytes: `${lines.join('\r\n')}\r\n\r\n${body ?? ''}` };
}

function methodOf({ area }: Page, { decide, kind }: How): Asked['method'] {
  if (kind === 'write') return decide.pick(['PUT', 'POST'] as const);
  if (area.posts === true && decide.chance(POSTS)) return 'POST';
  return kind === 'head' ? 'HEAD' : 'GET';
}

/** Somebody's validator, perhaps not one's own. */
function conditions({ decide, kind, seen }: How): string[] {
  const lines: string[] = [];
  if (kind === 'conditional' && seen !== undefined) lines.push(`if-none-match: ${seen}`);
  if (kind === 'range' || kind === 'if-range') lines.push(`range: bytes=${decide.pick(['0-9', '10-99', '50-150', '0-149', '100-'])}`);
  if (kind === 'if-range' && seen !== undefined) lines.push(`if-range: ${seen}`);
  return lines;
}

/** The origin is shown no others. */
function seenAxes({ area }: Page, axes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(axes).map(([name, value]) => [name, area.forwards?.includes(name) === false ? '-' : value]));
}

const NO_QUERY: Query = { sent: '', keyed: '' };

/** `sorted` pages drop what begins with utm_ and sort the rest. */
function queryOf(decide: Random, { sorted, asked }: { sorted: boolean; asked: boolean }): Query {
  if (!asked) return NO_QUERY;
  const page = `page=${decide.below(3)}`;
  const sort = `sort=${decide.pick(['up', 'down'])}`;
  if (!sorted) return { sent: `?${sort}&${page}`, keyed: `?${sort}&${page}` };
  const sent = decide.chance(0.5) ? [sort, `utm_source=${decide.below(100)}`, page] : [page, sort];
  return { sent: `?${sent.join('&')}`, keyed: `?${page}&${sort}` };
}
