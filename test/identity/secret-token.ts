// Tokens of an issuer that shares a secret with Freshet, made at once: for journeys, whose steps are data.
import { createHmac } from 'node:crypto';
import { encode } from './issuer.ts';

const SECRET = 'a-secret-of-at-least-thirty-two-bytes';

/** In YAML. */
export const SECRET_ISSUER = `{ issuer: login, audience: shop, secret: ${SECRET} }`;

/** Settings of `auth` in YAML. */
export const AUTH = `auth: { jwt: ${SECRET_ISSUER} }`;

/** Far behind the tests' clock. */
export const LATER = Date.UTC(2030, 0, 1) / 1000;

export function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const input = `${encode('{"alg":"HS256"}')}.${encode(JSON.stringify({ iss: 'login', aud: 'shop', exp: LATER, ...claims }))}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

/** The field that presents such a token. */
export function bearer(claims: Readonly<Record<string, unknown>>): readonly [string, string] {
  return ['authorization', `Bearer ${tokenOf(claims)}`];
}
