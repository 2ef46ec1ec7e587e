// The settings of `auth`: who issues the tokens whose claims may be scopes, and what is demanded of a token. DESIGN section 6, SECURITY §5.
import { z } from 'zod';
import { isLoopback } from './address.ts';
import { duration, flag, given, list, oneOf, oneOrMany, optional, type Read, section, text } from './setting.ts';
import { nonEmpty, token } from './values.ts';

const OF_SECRETS = ['HS256', 'HS384', 'HS512'] as const;
const OF_KEY_PAIRS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const;

export const issuer = section({
  issuer: nonEmpty('the `iss` of its tokens', { about: 'The `iss` of its tokens, exactly.' }),
  audience: oneOrMany(nonEmpty('the `aud` of tokens for this API', { about: 'An audience.' }), {
    about: 'What `aud` must hold; of several, one.',
  }),
  jwks_url: z.exactOptional(text({ allowed: 'https://HOST/PATH', read: readUrl }, { about: 'Where its public keys are fetched from.' })),
  jwks_file: z.exactOptional(
    nonEmpty('the path of a JSON file', { about: 'A file with its public keys (JWKS), from the folder of the configuration; read again on SIGHUP.' }),
  ),
  secret: z.exactOptional(token({ about: 'A secret shared with it, 32 characters at least, for HS256.' })),
  algorithms: z.exactOptional(
    list(oneOf([...OF_KEY_PAIRS, ...OF_SECRETS], { about: 'An algorithm.' }), {
      about: 'What its tokens may be signed with: RS256, or HS256 with a secret, where it is left out.',
    }),
  ),
  leeway: optional(duration({ about: 'By how much its clock may differ from ours.', default: '0s' }, { mostMs: 60_000 })),
  jwks_max_age: optional(
    duration(
      { about: 'How long the last keys are used while none can be fetched; then no token is accepted.', default: '1h' },
      { leastMs: 60_000, mostMs: 604_800_000 },
    ),
  ),
  jwks_http: optional(flag({ about: 'Permits http:// in jwks_url; whoever can answer there can make tokens.', default: false })),
});

export const auth = section({
  jwt: z.exactOptional(oneOrMany(issuer, { about: 'The issuers of tokens.' })),
});

export type IssuerEntry = z.output<typeof issuer>;

function readUrl(value: string): Read<string> {
  if (!URL.canParse(value) || !/^https?:\/\/[^/?#\\@\s]+(?:[/?][^#\\\s]*)?$/i.test(value)) return { kind: 'refuse' };
  return given(new URL(value).href);
}

/** Where one is said, what else is wrong with an issuer whose settings are each well formed: the name of the setting, and why. */
export function issuerFault(entry: IssuerEntry): readonly [setting: string, message: string] | undefined {
  const sources = ['jwks_url', 'jwks_file', 'secret'] as const;
  const stated = sources.filter((name) => entry[name] !== undefined && entry[name] !== '');
  if (stated.length !== 1) return ['issuer', `has ${stated.join(' and ') || 'no keys'}; allowed: exactly one of ${sources.join(', ')}`];
  if (entry.jwks_url?.startsWith('http:') === true && !entry.jwks_http && !isLoopback(new URL(entry.jwks_url).hostname.replace(/^\[|\]$/g, ''))) {
    return ['jwks_url', 'is http://, so that whoever stands in between can make tokens; allowed: https://, a loopback address, or jwks_http: true'];
  }
  return algorithmFault(entry);
}

/** RFC 7518 §3.2: a key at least as long as the hash. With both kinds of algorithm a public key could be taken for a secret. */
function algorithmFault(entry: IssuerEntry): readonly [setting: string, message: string] | undefined {
  const algorithms = algorithmsOf(entry);
  const allowed: readonly string[] = entry.secret === undefined ? OF_KEY_PAIRS : OF_SECRETS;
  const wrong = algorithms.find((name) => !allowed.includes(name));
  if (algorithms.length === 0) return ['algorithms', `found an empty list; allowed: at least one of ${allowed.join(', ')}`];
  if (wrong !== undefined)
    return ['algorithms', `found ${wrong}; allowed with ${entry.secret === undefined ? 'public keys' : 'a secret'}: ${allowed.join(', ')}`];
  const leastBytes = Math.max(...algorithms.map((name) => Number(name.slice(2)) / 8));
  if (entry.secret === undefined || Buffer.byteLength(entry.secret) >= leastBytes) return undefined;
  return ['secret', `is ${Buffer.byteLength(entry.secret)} bytes long; allowed: at least ${leastBytes}`];
}

/** As given, or the usual one for its kind of key. */
export function algorithmsOf(entry: IssuerEntry): readonly string[] {
  return entry.algorithms ?? (entry.secret === undefined ? ['RS256'] : ['HS256']);
}
