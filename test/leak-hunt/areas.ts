// Where the hunt goes: areas of an API, each with its kind of scope, those who ask there, and what the origin is shown of them. A further kind of scope is a further row.

export interface Identity {
  readonly authorization?: string;
  /** `name=value`. */
  readonly cookies?: readonly string[];
}

export interface Area {
  readonly folder: string;
  /** YAML of its routes' settings. */
  readonly scope: string;
  /** The origin answers everybody alike, and says so. */
  readonly shared?: true;
  /** What the origin answered to nobody may answer everybody (RFC 9111 §3.5 is about storing). */
  readonly anonymousForAll?: true;
  /** Of a request that may be stored the origin is shown only these cookies; absent: all. */
  readonly cookies?: readonly string[];
  /** Requests with an Authorization are passed on as they came. */
  readonly passesAuthorized?: true;
  readonly identities: readonly Identity[];
}

const NOBODY: Identity = {};
/** What the origin says of a request without credentials. */
const NOBODYS = 'nobody';
const bearer = (name: string): Identity => ({ authorization: `Bearer ${name}` });
const cookies = (...pairs: string[]): Identity => ({ cookies: pairs });

export const AREAS: readonly Area[] = [
  { folder: 'public', scope: 'scope: public', shared: true, identities: [NOBODY, NOBODY, NOBODY, bearer('u1'), cookies('theme=dark')] },
  {
    folder: 'mixed',
    scope: 'scope: public',
    anonymousForAll: true,
    identities: [NOBODY, NOBODY, NOBODY, bearer('u1'), bearer('u2'), cookies('session=s1'), cookies('theme=dark')],
  },
  {
    folder: 'me',
    scope: 'scope: credential',
    cookies: [],
    identities: [
      NOBODY,
      bearer('u1'),
      bearer('u2'),
      bearer('u3'),
      bearer('u12'),
      cookies('session=s1'),
      { authorization: 'Bearer u1', cookies: ['theme=dark'] },
    ],
  },
  {
    folder: 'session',
    scope: 'scope: { credential: [cookie.session] }',
    cookies: ['session'],
    passesAuthorized: true,
    identities: [
      NOBODY,
      cookies('session=s1'),
      cookies('session=s2'),
      cookies('session=s1', 'theme=dark'),
      cookies('theme=dark', 'session=s2'),
      cookies('session=s1', 'session=s2'),
      { authorization: 'Bearer u1', cookies: ['session=s1'] },
    ],
  },
  {
    folder: 'both',
    scope: 'scope: { credential: [authorization, cookie.session] }',
    cookies: ['session'],
    identities: [
      NOBODY,
      bearer('x'),
      cookies('session=x'),
      { authorization: 'Bearer x', cookies: ['session=x'] },
      { authorization: 'Bearer x', cookies: ['session=y', 'theme=dark'] },
      { authorization: 'Bearer y', cookies: ['session=x'] },
    ],
  },
];

export interface Page {
  readonly area: Area;
  readonly path: string;
  readonly kind: (typeof KINDS)[number];
}

/**
 * `short` lives by its route's `ttl` and windows; `shifting` varies on something else each time; `cookie` sets one now and then; `fickle` is private
 * now and then; `part` keeps its validator, so that parts of it can be put together; `relay` is larger than what may be stored; `faulty` fails often.
 */
const KINDS = [
  'plain',
  'plain',
  'varied',
  'short',
  'short-varied',
  'shifting',
  'cookie',
  'fickle',
  'large',
  'part',
  'relay',
  'faulty',
  'sorted',
] as const;

export const PAGES: readonly Page[] = AREAS.flatMap((area) =>
  KINDS.map((kind, i) => ({
    area,
    kind,
    path: `/${area.folder}/${kind.startsWith('short') ? 'short/' : kind === 'sorted' ? 'sorted/' : ''}${kind}-${i}`,
  })),
);

/** What the origin is told of who asks, where all cookies or only some go on. */
export function shown({ authorization, cookies: pairs = [] }: Identity, onlyCookies?: readonly string[]): string {
  const kept = pairs.filter((pair) => onlyCookies === undefined || onlyCookies.some((name) => pair.startsWith(`${name}=`)));
  const parts = [...(authorization === undefined ? [] : [authorization.replace(' ', ':')]), ...kept];
  return parts.length === 0 ? NOBODYS : parts.join('+');
}

/** The scopes that an answer to a read in `area` may have: one's own, and what is everybody's. */
export function scopesIn(area: Area, identity: Identity): readonly string[] {
  if (area.shared === true) return ['public'];
  // Nothing is looked up or stored, and all goes on as it came.
  const passed = area.passesAuthorized === true && identity.authorization !== undefined;
  const own = shown(identity, passed ? undefined : area.cookies);
  return area.anonymousForAll === true ? [own, NOBODYS] : [own];
}

export function configOf(originUrl: string, token: string): string {
  const routes = AREAS.flatMap(({ folder, scope }) => [
    `  - { path: /${folder}/**, ${scope} }`,
    `  - { path: /${folder}/short/**, ${scope}, ttl: 60ms, stale_while_revalidate: 120ms, stale_if_error: 1s }`,
    `  - { path: /${folder}/sorted/**, ${scope}, query: { exclude: [utm_*] } }`,
  ]);
  return `
origins: { shop: { url: "${originUrl}", body_timeout: 2s } }
admin: { listen: "127.0.0.1:0", token: ${token} }
purge: { token: ${token}, rate: 100000/s }
log: { level: silent, access: off }
store: { memory: 32MiB }
limits: { stall_timeout: 300ms }
defaults: { store_partial: true, max_object: 128KiB, hit_for_miss: 20ms }
routes:
${routes.join('\n')}
`;
}
