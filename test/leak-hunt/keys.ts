// An issuer whose keys come and go while the hunt is on. A token is true while the key that signed it is published; when it is known that the next key is
// believed, no request that begins then may be answered by a token of an older one.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encode } from '../identity/issuer.ts';
import { LATER } from '../identity/secret-token.ts';

export const ROTATING_ISSUER = 'rotating';

/** Which key signs: the one that is published, or the one before. */
export type Signer = 'current' | 'former';

interface Pair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

interface Token {
  /** Of the key that signed it. */
  readonly nth: number;
  readonly claimed: string;
}

export class Keys {
  readonly #pairs: Pair[] = [newPair(0), newPair(1)];
  readonly #tokens = new Map<string, Token>();
  /** Older keys are known to be believed no more. */
  #oldest = 1;

  /** The key set, for now. */
  get published(): string {
    return JSON.stringify({ keys: [this.#pairs.at(-1)?.jwk] });
  }

  /** Another key takes the place of the one before. Returns what makes it known that the new one is believed. */
  rotate(): () => void {
    const nth = this.#pairs.length;
    this.#pairs.push(newPair(nth));
    return () => {
      this.#oldest = Math.max(nth, this.#oldest);
    };
  }

  /** As a field value. `claimed` is the tenant. */
  bearer(signer: Signer, claimed: string): string {
    const nth = this.#pairs.length - (signer === 'current' ? 1 : 2);
    const known = [...this.#tokens].find(([, token]) => token.nth === nth && token.claimed === claimed);
    if (known !== undefined) return known[0];
    const bearer = `Bearer ${tokenBy(this.#pairs[nth] as Pair, claimed)}`;
    this.#tokens.set(bearer, { nth, claimed });
    return bearer;
  }

  /** What the issuer says of a token now. */
  scopeOf(bearer: string): string {
    const token = this.#tokens.get(bearer);
    return token === undefined ? 'false' : said(token, token.nth === this.#pairs.length - 1);
  }

  /** Where a request stands that begins now. */
  mark(): number {
    return this.#oldest;
  }

  /** All that was said of the token since, or may be said still. */
  scopesSince(bearer: string, mark: number): readonly string[] {
    const token = this.#tokens.get(bearer);
    if (token === undefined) return [];
    return [...(token.nth >= mark ? [said(token, true)] : []), ...(token.nth < this.#pairs.length - 1 ? [said(token, false)] : [])];
  }
}

function said({ claimed }: Token, isTrue: boolean): string {
  return `${isTrue}:${claimed}`;
}

function newPair(nth: number): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = `k${nth}`;
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

function tokenBy({ kid, privateKey }: Pair, tenant: string): string {
  const claims = { iss: ROTATING_ISSUER, aud: 'shop', exp: LATER, tenant };
  const input = `${encode(JSON.stringify({ alg: 'ES256', kid }))}.${encode(JSON.stringify(claims))}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
