// Where the hunt goes: areas of an API, each with its kind of scope, those who ask there, and what the origin is shown of them. A further kind of scope is a further row.
import { SECRET_ISSUER, tokenOf } from '../identity/secret-token.ts';
import { ROTATING_ISSUER, type Signer } from './keys.ts';

export interface Identity {
  readonly authorization?: string;
  /** What the origin takes the Authorization for, in a word. */
  readonly as?: string;
  /** `name=value`. */
  readonly cookies?: readonly string[];
  /** Signed by a key that comes and goes, in place of `authorization`. */
  readonly signer?: Signer;
  /** What a proxy in front says of the client, believed from a trusted one alone. */
  readonly claims?: Claims;
}

/** X-Forwarded-Proto and X-Forwarded-Host. */
export interface Claims {
  readonly proto: string;
  readonly host: string;
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
  /** Those whose requests are passed on as they came. */
  readonly passes?: (identity: Identity) => boolean;
  /** The origin answers by the tier of the session alone. `told`: what it answers anything with says which that is, and nothing else ends the belief in another. */
  readonly tiered?: true | 'told';
  /** The origin answers by what proxies claim. */
  readonly claimed?: true;
  /** The origin answers by the token, whose key comes and goes. */
  readonly rotating?: true;
  /** Those who are answered 401 before anything is asked. */
  readonly turnsAway?: (identity: Identity) => boolean;
  /** The origin sees these of the fields that answers vary on; absent: all. */
  readonly forwards?: readonly string[];
  /** Every answer is private, or varies on Cookie. */
  readonly always?: 'private' | 'varies-on-cookie';
  /** The cookie that an answer sets is of its scope, not of its request. */
  readonly setsCookie?: 'of-scope';
  /** POST is answered as GET is, for others to have. */
  readonly posts?: true;
  /** Kinds of its pages; absent: all. */
  readonly kinds?: readonly Kind[];
  readonly identities: readonly Identity[];
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
type Kind = (typeof KINDS)[number];
/** Where what is new about an area is not a matter of how it is answered. */
const FEW: readonly Kind[] = ['plain', 'varied', 'short', 'fickle'];

const NOBODY: Identity = {};
/** What the origin says of a request without credentials. */
const NOBODYS = 'nobody';
const bearer = (name: string): Identity => ({ authorization: `Bearer ${name}` });
const cookies = (...pairs: string[]): Identity => ({ cookies: pairs });
const signed = (claims: Readonly<Record<string, unknown>>, as: string): Identity => ({ authorization: `Bearer ${tokenOf(claims)}`, as });

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
    passes: ({ authorization }) => authorization !== undefined,
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
  {
    folder: 'claims',
    scope: 'scope: [tenant, tier]',
    cookies: [],
    passes: ({ authorization, as = '', cookies: pairs }) => (authorization === undefined ? pairs !== undefined : as.startsWith('bad')),
    identities: [
      NOBODY,
      signed({ sub: 'u1', tenant: 't', tier: 1 }, 't,1'),
      signed({ sub: 'u2', tenant: 't', tier: 1 }, 't,1'),
      signed({ sub: 'u1', tenant: 't', tier: '1' }, 't,text1'),
      signed({ sub: 'u1', tenant: 't' }, 't,none'),
      signed({ sub: 'u1', tenant: 't', tier: null }, 't,null'),
      signed({ sub: 'u1', tenant: 't', tier: ['1', '2'] }, 't,list12'),
      signed({ sub: 'u2', tenant: 't', tier: ['2', '1', '1'] }, 't,list12'),
      signed({ sub: 'u1', tenant: 't', tier: '1,2' }, 't,text12'),
      signed({ sub: 'u1', tenant: 't1', tier: '' }, 't1,empty'),
      { ...signed({ sub: 'u2', tenant: 't', tier: 1 }, 't,1'), cookies: ['session=s1'] },
      signed({ sub: 'u1', tenant: 't', tier: 1, exp: 1 }, 'bad-expired'),
      { authorization: `Bearer ${tokenOf({ tenant: 't', tier: 1 }).slice(0, -4)}AAAA`, as: 'bad-signature' },
      cookies('session=s1'),
    ],
  },
  {
    folder: 'tiers',
    scope: 'scope: { lookup: /_scope }',
    tiered: true,
    identities: [NOBODY, ...['s1', 's2', 's3', 's4', 's9'].map((id) => cookies(`session=${id}`)), cookies('session=s1', 'theme=dark')],
  },
  {
    folder: 'named',
    scope: 'scope: { lookup: /_scope, credential: [cookie.session] }',
    tiered: true,
    identities: [
      cookies('theme=dark'),
      ...['s1', 's3', 's4', 's5', 's9'].map((id) => cookies('theme=dark', `session=${id}`)),
      { authorization: 'Bearer x', cookies: ['session=s1'] },
    ],
  },
  {
    folder: 'ignoring',
    scope: 'scope: { lookup: /_scope, credential: [cookie.session] }, cookies: ignore',
    tiered: true,
    always: 'varies-on-cookie',
    kinds: FEW,
    identities: [cookies('theme=dark'), ...['s1', 's2', 's3'].map((id) => cookies('theme=dark', `session=${id}`))],
  },
  {
    folder: 'told',
    scope: 'scope: { lookup: /_scope, credential: [cookie.session] }',
    tiered: 'told',
    kinds: FEW,
    identities: ['s1', 's3', 's6', 's7'].map((id) => cookies(`session=${id}`)),
  },
  {
    folder: 'own',
    scope: 'scope: credential, store_private: true',
    cookies: [],
    always: 'private',
    kinds: FEW,
    identities: [NOBODY, bearer('u1'), bearer('u2'), { authorization: 'Bearer u1', cookies: ['theme=dark'] }],
  },
  {
    folder: 'crowd',
    scope: 'scope: [tenant], store_private: true',
    cookies: [],
    always: 'private',
    kinds: FEW,
    identities: ['u1', 'u2', 'u3'].map((sub) => signed({ sub, tenant: 't' }, `t,${sub}`)),
  },
  {
    folder: 'renewing',
    scope: 'scope: public, store_set_cookie: true',
    anonymousForAll: true,
    setsCookie: 'of-scope',
    kinds: ['cookie', 'plain'],
    identities: [NOBODY, NOBODY, bearer('u1'), bearer('u2'), cookies('session=s1')],
  },
  {
    folder: 'posting',
    scope: 'scope: [tenant, tier], store_post: true',
    cookies: [],
    posts: true,
    kinds: ['plain', 'varied', 'large'],
    identities: [
      NOBODY,
      signed({ sub: 'u1', tenant: 't', tier: 1 }, 't,1'),
      signed({ sub: 'u1', tenant: 't', tier: 2 }, 't,2'),
      signed({ sub: 'u1', tenant: 't', tier: '1' }, 't,text1'),
    ],
  },
  {
    folder: 'required',
    scope: 'scope: [tenant, tier], required: true',
    cookies: [],
    turnsAway: ({ authorization }) => authorization === undefined,
    kinds: FEW,
    identities: [NOBODY, cookies('session=s1'), ...[1, 2].map((tier) => signed({ sub: 'u1', tenant: 't', tier }, `t,${tier}`))],
  },
  {
    folder: 'listing',
    scope: 'scope: credential, forward: [accept-language, x-request]',
    forwards: ['accept-language'],
    kinds: ['plain', 'varied', 'short-varied', 'shifting'],
    identities: [NOBODY, bearer('u1'), bearer('u2')],
  },
  {
    folder: 'claimed',
    scope: 'scope: public',
    claimed: true,
    kinds: FEW,
    identities: [NOBODY, ...['http', 'https'].flatMap((proto) => ['a.example', 'b.example'].map((host) => ({ claims: { proto, host } })))],
  },
  {
    folder: 'rotating',
    scope: 'scope: [tenant]',
    rotating: true,
    kinds: FEW,
    identities: (['current', 'current', 'former'] as const).flatMap((signer) => ['t1', 't2'].map((as) => ({ signer, as }))),
  },
];

/** Of the sessions that change between the two. `s9` is nobody's. */
export const TIERS = ['gold', 'basic'] as const;
export const SESSIONS: Readonly<Record<string, string>> = { s1: 'gold', s2: 'gold', s3: 'basic', s4: 'gold', s5: 'basic', s6: 'gold', s7: 'basic' };
export const CHANGING = ['s4', 's5'] as const;
/** Of these nobody says that they change, but the answers of the origin. */
export const TOLD = ['s6', 's7'] as const;
/** Where proxies in front come from. */
export const TRUSTED_ADDRESS = '127.0.0.2';
/** What the origin is told of a client that no trusted proxy speaks for. */
export const OWN_CLAIMS: Claims = { proto: 'http', host: 'shop.example' };

export interface Page {
  readonly area: Area;
  readonly path: string;
  readonly kind: Kind;
}

export const PAGES: readonly Page[] = AREAS.flatMap((area) =>
  (area.kinds ?? KINDS).map((kind, i) => ({
    area,
    kind,
    path: `/${area.folder}/${kind.startsWith('short') ? 'short/' : kind === 'sorted' ? 'sorted/' : ''}${kind}-${i}`,
  })),
);

/** One that sessions of these see, and one that says what they are, whose writes purge another page. */
export const TOLD_PAGE = pageAt('/told/plain-0');
export const TELLING_PATH = pageAt('/told/varied-1').path;

function pageAt(path: string): Page {
  const page = PAGES.find((candidate) => candidate.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page;
}

const NAMES = new Map(
  AREAS.flatMap(({ identities }) => identities).flatMap(({ authorization, as }) => (as === undefined ? [] : [[authorization, as]])),
);

/** The session of a request, as the application reads it. */
export function sessionOf(pairs: readonly string[]): string | undefined {
  return pairs.find((pair) => pair.startsWith('session='))?.slice('session='.length);
}

/** What an application says of a tier. */
export function tierScope(tier: string | undefined): string {
  return `tier:${tier ?? 'nobody'}`;
}

export function claimsScope({ proto, host }: Claims): string {
  return `claims:${proto},${host}`;
}

/** What the origin is told of who asks, where all cookies or only some go on. */
export function shown({ authorization, cookies: pairs = [] }: Identity, onlyCookies?: readonly string[]): string {
  const kept = pairs.filter((pair) => onlyCookies === undefined || onlyCookies.some((name) => pair.startsWith(`${name}=`)));
  const parts = [...(authorization === undefined ? [] : [NAMES.get(authorization) ?? authorization.replace(' ', ':')]), ...kept];
  return parts.length === 0 ? NOBODYS : parts.join('+');
}

/** The scopes that an answer to a read in `area` may have: one's own, and what is everybody's; `tiers` are those that its session had meanwhile. */
export function scopesIn(area: Area, identity: Identity, tiers: readonly string[]): readonly string[] {
  if (area.shared === true) return ['public'];
  if (area.tiered !== undefined) return tiers.length === 0 ? [tierScope(undefined)] : tiers.map(tierScope);
  if (area.claimed === true) return [claimsScope(identity.claims ?? OWN_CLAIMS)];
  // Nothing is looked up or stored, and all goes on as it came.
  const passed = area.passes?.(identity) === true;
  const own = shown(identity, passed ? undefined : area.cookies);
  return area.anonymousForAll === true ? [own, NOBODYS] : [own];
}

export function configOf(originUrl: string, { token, workers }: { readonly token: string; readonly workers: number }): string {
  const routes = AREAS.flatMap(({ folder, scope }) => [
    `  - { path: /${folder}/**, ${scope} }`,
    `  - { path: /${folder}/short/**, ${scope}, ttl: 60ms, stale_while_revalidate: 120ms, stale_if_error: 1s }`,
    `  - { path: /${folder}/sorted/**, ${scope}, query: { exclude: [utm_*] } }`,
  ]);
  return `
origins: { shop: { url: "${originUrl}", body_timeout: 2s } }
workers: ${workers}
trusted_proxies: [${TRUSTED_ADDRESS}]
auth:
  jwt:
    - ${SECRET_ISSUER}
    - { issuer: ${ROTATING_ISSUER}, audience: shop, algorithms: [ES256], jwks_url: "${originUrl}/keys" }
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
