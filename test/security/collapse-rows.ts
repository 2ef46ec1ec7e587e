// SECURITY §11 "Cache of the wrong thing": a request leads a fetch, others come while the origin has not answered, and what comes is not for them.
import { fieldValue } from '../../src/http/fields.ts';
import { fresh, type Setting } from '../proxy/journey.ts';
import type { Reply, SeenRequest } from '../support/origin.ts';

export interface CollapseRow extends Setting {
  /** In SECURITY: the second of what section 11 names is `11.2`. */
  readonly row: string;
  readonly name: string;
  /** Field lines of who leads, and of each who follows. */
  readonly leader: Asked;
  readonly followers: readonly Asked[];
  /** `nth` counts the fetches. */
  readonly answers: (request: SeenRequest, nth: number) => Reply;
  readonly expected: {
    /** Of the leader. */
    readonly leader: Got;
    /** Of each follower, sorted. */
    readonly followers: readonly Got[];
    readonly fetches: number;
  };
}

/** Method and field lines of a request for /a. */
export type Asked = readonly [method: 'GET' | 'HEAD', ...fields: readonly string[]];

/** Status, body, and the cookie that was set. */
export type Got = readonly [status: number, body: string, cookie?: string];

const THREE: readonly Asked[] = [['GET'], ['GET'], ['GET']];

/** Each fetch says which it is. */
function stamped(nth: number, fields: readonly string[] = []): Reply {
  return { fields, body: `for ${nth}` };
}

/** Everybody goes alone. */
function parted(
  row: string,
  name: string,
  fields: readonly string[],
  given: Partial<Pick<CollapseRow, 'config' | 'leader' | 'followers'>> = {},
): CollapseRow {
  return {
    row,
    name,
    leader: ['GET'],
    followers: THREE,
    answers: (_, nth) => stamped(nth, fields),
    expected: { leader: [200, 'for 1'], followers: [2, 3, 4].map((nth) => [200, `for ${nth}`]), fetches: 4 },
    ...given,
  };
}

const FRESH = ['cache-control', 'max-age=60'];

function authorizationOf({ fields }: SeenRequest): string {
  return fieldValue(fields, 'authorization') ?? 'nobody';
}

const SHARED = { leader: [200, 'for 1'], followers: THREE.map((): Got => [200, 'for 2']), fetches: 2 } as const;

export const COLLAPSES: readonly CollapseRow[] = [
  {
    row: '11.1',
    name: 'two credentials and nobody at one instant',
    config: 'defaults: { scope: credential }',
    leader: ['GET', 'Authorization: Bearer one'],
    followers: [['GET', 'Authorization: Bearer one'], ['GET', 'Authorization: Bearer two'], ['GET']],
    answers: (request) => fresh(authorizationOf(request)),
    expected: {
      leader: [200, 'Bearer one'],
      followers: [
        [200, 'Bearer one'],
        [200, 'Bearer two'],
        [200, 'nobody'],
      ],
      fetches: 3,
    },
  },
  {
    row: '11.1',
    name: 'an authorized leader and followers without, under public',
    leader: ['GET', 'Authorization: Bearer one'],
    followers: THREE,
    answers: (request) => fresh(authorizationOf(request)),
    expected: { leader: [200, 'Bearer one'], followers: THREE.map(() => [200, 'nobody']), fetches: 2 },
  },
  {
    row: '11.1',
    name: 'a leader without and an authorized follower, under public',
    leader: ['GET'],
    followers: [['GET', 'Authorization: Bearer one']],
    answers: (request) => fresh(authorizationOf(request)),
    expected: { leader: [200, 'nobody'], followers: [[200, 'Bearer one']], fetches: 2 },
  },
  parted('11.2', 'private', ['cache-control', 'private, max-age=60']),
  parted('11.2', 'private in doubt', ['cache-control', 'max-age=60, private="']),
  parted('11.2', 'private to users of one scope', ['cache-control', 'private, max-age=60'], {
    config: 'defaults: { scope: { credential: [cookie.sid] } }',
    leader: ['GET', 'Cookie: sid=1'],
    followers: THREE.map(() => ['GET', 'Cookie: sid=1']),
  }),
  parted('11.3', 'no-store', ['cache-control', 'no-store']),
  parted('11.3', 'nothing said', []),
  parted('11.3', 'contradicting', ['cache-control', 'max-age=60', 'cache-control', 'max-age=0']),
  {
    ...parted('11.4', 'Set-Cookie', []),
    answers: (_, nth) => stamped(nth, [...FRESH, 'set-cookie', `sid=${nth}`]),
    expected: { leader: [200, 'for 1', 'sid=1'], followers: [2, 3, 4].map((nth) => [200, `for ${nth}`, `sid=${nth}`]), fetches: 4 },
  },
  parted('11.5', 'Vary: *', [...FRESH, 'vary', '*']),
  parted('11.5', 'Vary on nine fields', [...FRESH, 'vary', 'a,b,c,d,e,f,g,h,i']),
  {
    row: '11.5',
    name: 'Vary on what differs',
    leader: ['GET', 'X-Tenant: one'],
    followers: [['GET', 'X-Tenant: one'], ['GET', 'X-Tenant: two'], ['GET']],
    answers: ({ fields }) => fresh(fieldValue(fields, 'x-tenant') ?? 'none', ['vary', 'x-tenant']),
    expected: {
      leader: [200, 'one'],
      followers: [
        [200, 'none'],
        [200, 'one'],
        [200, 'two'],
      ],
      fetches: 3,
    },
  },
  {
    row: '11.6',
    name: 'a 206 that nobody asked for',
    leader: ['GET'],
    followers: THREE,
    answers: (_, nth) => (nth === 1 ? { status: 206, fields: [...FRESH, 'content-range', 'bytes 0-4/99'], body: 'part ' } : fresh(`for ${nth}`)),
    expected: { ...SHARED, leader: [502, ''] },
  },
  {
    row: '11.6',
    name: 'a 304 that nobody asked for',
    leader: ['GET', 'If-None-Match: "v1"'],
    followers: THREE,
    answers: (_, nth) => (nth === 1 ? { status: 304, fields: ['etag', '"v1"'] } : fresh(`for ${nth}`)),
    expected: { ...SHARED, leader: [502, ''] },
  },
  {
    row: '11.7',
    name: 'an error, and then none',
    leader: ['GET'],
    followers: THREE,
    answers: (_, nth) => (nth === 1 ? { status: 503, body: 'for the first' } : fresh(`for ${nth}`)),
    expected: { ...SHARED, leader: [503, 'for the first'] },
  },
  {
    row: '11.7',
    name: 'an error twice: its body is for who led to it',
    leader: ['GET'],
    followers: THREE,
    answers: (_, nth) => ({ status: 503, body: `for ${nth}`, fields: ['set-cookie', `sid=${nth}`] }),
    expected: {
      leader: [503, 'for 1', 'sid=1'],
      followers: [
        [503, ''],
        [503, ''],
        [503, 'for 2', 'sid=2'],
      ],
      fetches: 2,
    },
  },
  {
    row: '11.7',
    name: 'a cut before the head',
    leader: ['GET'],
    followers: THREE,
    answers: (_, nth) => (nth === 1 ? { fault: 'reset-before-head' } : fresh(`for ${nth}`)),
    expected: { ...SHARED, leader: [502, ''] },
  },
  {
    row: '11.8',
    name: 'a leader with conditions: they are its own',
    leader: ['GET', 'If-None-Match: "v1"'],
    followers: [['GET'], ['GET', 'If-None-Match: "other"'], ['GET', 'If-Match: "other"']],
    answers: ({ fields }) => (fieldValue(fields, 'if-none-match') === undefined ? fresh('whole', ['etag', '"v1"']) : { status: 304 }),
    expected: {
      leader: [304, ''],
      followers: [
        [200, 'whole'],
        [200, 'whole'],
        [412, ''],
      ],
      fetches: 1,
    },
  },
  {
    row: '11.8',
    name: 'a leader with a range: nobody joins it',
    leader: ['GET', 'Range: bytes=0-1'],
    followers: THREE,
    answers: ({ fields }) =>
      fieldValue(fields, 'range') === undefined ? fresh('whole') : { status: 206, fields: [...FRESH, 'content-range', 'bytes 0-1/5'], body: 'wh' },
    expected: { leader: [206, 'wh'], followers: THREE.map(() => [200, 'whole']), fetches: 2 },
  },
  {
    row: '11.8',
    name: 'a leader with cookies: only its like join it, and go alone',
    leader: ['GET', 'Cookie: sid=1'],
    followers: [
      ['GET', 'Cookie: sid=2'],
      ['GET', 'Cookie: sid=3'],
    ],
    answers: ({ fields }) => fresh(fieldValue(fields, 'cookie') ?? 'nobody'),
    expected: {
      leader: [200, 'sid=1'],
      followers: [
        [200, 'sid=2'],
        [200, 'sid=3'],
      ],
      fetches: 3,
    },
  },
  {
    row: '11.8',
    name: 'a leader with cookies and followers without',
    leader: ['GET', 'Cookie: sid=1'],
    followers: THREE,
    answers: ({ fields }) => fresh(fieldValue(fields, 'cookie') ?? 'nobody'),
    expected: { leader: [200, 'sid=1'], followers: THREE.map(() => [200, 'nobody']), fetches: 2 },
  },
  {
    row: '11.8',
    name: 'a HEAD leads nobody',
    leader: ['HEAD'],
    followers: THREE,
    answers: ({ method }) => fresh(method),
    expected: { leader: [200, ''], followers: THREE.map(() => [200, 'GET']), fetches: 2 },
  },
  {
    row: '11.8',
    name: 'one that wants nothing stored leads nobody',
    leader: ['GET', 'Cache-Control: no-store'],
    followers: THREE,
    answers: (_, nth) => fresh(`for ${nth}`),
    expected: SHARED,
  },
];
