// An issuer of tokens for tests: its keys, tokens signed with them as a library would, and tokens forged byte by byte.
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import type { Presenter } from '../../src/identity/verifier.ts';

export const ISSUER = 'https://login.example/';
export const AUDIENCE = 'shop-api';

/** A client of whom any number of tokens may be verified at once. */
export const ANYBODY: Presenter = { address: '192.0.2.1', most: Infinity, trusted: () => false };

export class Issuer {
  readonly kid: string;
  readonly #alg: string;
  readonly #keys: Awaited<ReturnType<typeof generateKeyPair>>;

  static async create(kid = 'k1', alg = 'ES256'): Promise<Issuer> {
    return new Issuer(kid, alg, await generateKeyPair(alg, { extractable: true }));
  }

  private constructor(kid: string, alg: string, keys: Awaited<ReturnType<typeof generateKeyPair>>) {
    this.kid = kid;
    this.#alg = alg;
    this.#keys = keys;
  }

  get publicKey(): CryptoKey {
    return this.#keys.publicKey;
  }

  /** Its public key as a member of a key set. */
  async jwk(): Promise<object> {
    return { ...(await exportJWK(this.#keys.publicKey)), kid: this.kid, alg: this.#alg, use: 'sig' };
  }

  /** A token that is right in every way but for what `claims` and `header` make of it; undefined leaves a member out. */
  sign(claims: Readonly<Record<string, unknown>>, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const payload: JWTPayload = { iss: ISSUER, aud: AUDIENCE, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: this.#alg, kid: this.kid, ...header }).sign(this.#keys.privateKey);
  }

  /** Signed by us over these very texts. */
  async signTexts(header: string, payload: string): Promise<string> {
    const input = `${encode(header)}.${encode(payload)}`;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.#keys.privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  }
}

/** The text of a key set. */
export async function keySet(...issuers: readonly Issuer[]): Promise<string> {
  return JSON.stringify({ keys: await Promise.all(issuers.map((issuer) => issuer.jwk())) });
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
