// Where the key that signed a token is found: the interface, and the kinds that are there from the start. Keys from a URL are remote-keys.ts.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';
import type { Token } from './token.ts';

export type FoundKey =
  /** `until`: the instant from which it is not believed any more, unless it is found anew. */
  | { readonly kind: 'key'; readonly key: CryptoKey | KeyObject; readonly until: number }
  /** None has that id, or several could be meant. */
  | { readonly kind: 'unknown' }
  /** The keys could not be had. */
  | { readonly kind: 'unavailable' };

export interface KeySource {
  /** Never rejects. */
  find(header: Token['header']): Promise<FoundKey>;
  close(): Promise<void>;
}

/** The one key of an issuer that shares a secret with us. The configuration has seen to its length. */
export class SecretKey implements KeySource {
  readonly #key: KeyObject;

  constructor(secret: string) {
    this.#key = createSecretKey(secret, 'utf8');
  }

  find(): Promise<FoundKey> {
    return Promise.resolve({ kind: 'key', key: this.#key, until: Infinity });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A set that does not change (RFC 7517 §5). `find` looks `kid` up and never opens or fetches what it says. */
export class KeySet implements KeySource {
  readonly #resolve: ReturnType<typeof createLocalJWKSet>;

  /** Throws where `jwks` is no key set. */
  constructor(jwks: unknown) {
    // The cast: createLocalJWKSet checks what it is given.
    this.#resolve = createLocalJWKSet(jwks as JSONWebKeySet);
  }

  async find(header: Token['header']): Promise<FoundKey> {
    const parameters: JWTHeaderParameters = header;
    try {
      return { kind: 'key', key: await this.#resolve(parameters, { payload: '', signature: '' }), until: Infinity };
    } catch {
      // No key fits, several do, or the one that does cannot be used: a key set is data from outside, so none of it is a fault of ours.
      return { kind: 'unknown' };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
