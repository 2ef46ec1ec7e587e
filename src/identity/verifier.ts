// Is this bearer token true, now? One answer for a token however many requests carry it at once, remembered for a short while (SECURITY §5).
//
// The issuer is chosen by the claim that the token itself makes, and then it is verified against that issuer's keys, algorithms and audience and no
// others, so that a lie there only chooses who refuses it. What is remembered is what was verified, never longer than the token is valid, than
// REMEMBERED_MS, or than the keys stay what they were and are believed. Only tokens that are true are remembered: whatever made one fail may pass.
import { hash } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { ownText } from '../http/own-text.ts';
import { withoutQuery } from '../http/reference.ts';
import type { Reason } from '../rules/reasons.ts';
import { KeySet, type KeySource, SecretKey } from './keys.ts';
import { RemoteKeys } from './remote-keys.ts';
import { SourceCounts } from './sources.ts';
import { isJsonObject, type JsonObject, memberOf } from './strict-json.ts';
import { MAX_TOKEN_BYTES, readToken } from './token.ts';

/** Of one issuer; the configuration's IssuerConfig has these. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly leewayMs: number;
  readonly keys:
    | { readonly kind: 'url'; readonly url: string; readonly maxAgeMs: number }
    /** JSON text of a key set. */
    | { readonly kind: 'set'; readonly jwks: string }
    | { readonly kind: 'secret'; readonly secret: string };
}

export interface VerifierOptions {
  readonly issuers: readonly IssuerSettings[];
  /** The machine's own time: `exp` is an instant of the world outside. */
  readonly clock: Clock;
  readonly warn: (message: string, detail: Readonly<Record<string, unknown>>) => void;
  readonly limitReached: (limit: VerifierLimit) => void;
}

export type VerifierLimit = 'verifications' | 'limits.verifications_per_address' | 'unknown_keys';

/** Who presents a token. */
export interface Presenter {
  readonly address: string;
  /** Verifications at once for an address that is not trusted. */
  readonly most: number;
  readonly trusted: (address: string) => boolean;
}

/** One object for as long as the token is remembered. */
export interface VerifiedToken {
  readonly kind: 'verified';
  readonly issuer: string;
  readonly claims: JsonObject;
}

export type Verification = VerifiedToken | { readonly kind: 'refused'; readonly reason: Reason };

interface Remembered {
  readonly token: VerifiedToken;
  readonly since: number;
  readonly until: number;
}

interface Presented {
  readonly text: string;
  readonly id: string;
  readonly presenter: Presenter;
}

interface Issuer {
  readonly settings: IssuerSettings;
  readonly keys: KeySource;
}

const REMEMBERED_MS = 60_000;
/** Of remembered tokens: twice their length and a flat charge for each. */
const REMEMBERED_BYTES = 32 * 1024 * 1024;
const REMEMBERED_CHARGE_BYTES = 500;
const MAX_PENDING = 1024;
/** Of which the id is at hand. */
const RECENT_TOKENS = 1_000;

export class TokenVerifier {
  readonly #clock: Clock;
  readonly #limitReached: VerifierOptions['limitReached'];
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #remembered = new LRUCache<string, Remembered>({ maxSize: REMEMBERED_BYTES });
  /** To hash a token costs more than to find what is remembered of it. */
  readonly #ids = new LRUCache<string, string>({ max: RECENT_TOKENS });
  readonly #pending = new Map<string, Promise<Verification>>();
  /** Of those who presented what is pending first. */
  readonly #pendingFor = new SourceCounts();
  readonly #unknown = { waiting: 0 };
  /** Counts changes of keys: what was verified with older ones is not remembered. */
  #generation = 0;

  constructor(options: VerifierOptions) {
    this.#clock = options.clock;
    this.#limitReached = options.limitReached;
    this.#issuers = new Map(options.issuers.map((settings) => [settings.issuer, { settings, keys: this.#keysOf(settings, options) }]));
  }

  /** At once where the token is remembered. Never rejects. */
  verify(text: string, presenter: Presenter): Verification | Promise<Verification> {
    if (text.length > MAX_TOKEN_BYTES) return refused('token-malformed');
    const id = this.#ids.get(text) ?? this.#nameOf(text);
    const remembered = this.#recall(id);
    if (remembered !== undefined) return remembered;
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    return this.#begin({ text, id, presenter });
  }

  /** One verification more, where there is room for it. A trusted proxy speaks for many clients. */
  #begin({ text, id, presenter: { address, most, trusted } }: Presented): Verification | Promise<Verification> {
    if (this.#pending.size >= MAX_PENDING) {
      this.#limitReached('verifications');
      return refused('verification-busy');
    }
    if (this.#pendingFor.of(address) >= most && !trusted(address)) {
      this.#limitReached('limits.verifications_per_address');
      return refused('verification-busy-client');
    }
    this.#pendingFor.add(address);
    const verifying = this.#verify(text, id).finally(() => {
      this.#pending.delete(id);
      this.#pendingFor.remove(address);
    });
    this.#pending.set(id, verifying);
    return verifying;
  }

  /** Ends what is being fetched. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#issuers.values(), ({ keys }) => keys.close()));
  }

  #nameOf(text: string): string {
    const id = hash('sha256', text, 'base64url');
    // A token is a piece of the head that it came in.
    this.#ids.set(ownText(text), id);
    return id;
  }

  #recall(id: string): VerifiedToken | undefined {
    const found = this.#remembered.get(id);
    if (found === undefined) return undefined;
    const now = this.#clock.now();
    if (found.since <= now && now < found.until) return found.token;
    this.#remembered.delete(id);
    return undefined;
  }

  async #verify(text: string, id: string): Promise<Verification> {
    const token = readToken(text);
    if (token === undefined) return refused('token-malformed');
    const claimed = memberOf(token.claims, 'iss');
    const issuer = typeof claimed === 'string' ? this.#issuers.get(claimed) : undefined;
    if (issuer === undefined || !issuer.settings.algorithms.includes(token.header.alg)) return refused('token-invalid');
    const found = await issuer.keys.find(token.header);
    if (found.kind !== 'key') return refused(found.kind === 'unknown' ? 'token-key-unknown' : 'keys-unavailable');
    const generation = this.#generation;
    const now = this.#clock.now();
    const claims = await claimsOf(text, { ...issuer.settings, key: found.key, now });
    if (claims.kind === 'refused') return claims;
    const verified: VerifiedToken = { kind: 'verified', issuer: issuer.settings.issuer, claims: claims.claims };
    const until = Math.min(claims.until, found.until, now + REMEMBERED_MS);
    const size = 2 * text.length + REMEMBERED_CHARGE_BYTES;
    if (generation === this.#generation) this.#remembered.set(id, { token: verified, since: now, until }, { size });
    return verified;
  }

  #keysOf({ issuer, keys }: IssuerSettings, { clock, warn, limitReached }: VerifierOptions): KeySource {
    switch (keys.kind) {
      case 'secret':
        return new SecretKey(keys.secret);
      case 'set':
        return new KeySet(JSON.parse(keys.jwks));
      case 'url':
        return new RemoteKeys({
          ...keys,
          clock,
          unknown: this.#unknown,
          crowded: () => limitReached('unknown_keys'),
          changed: () => {
            this.#generation++;
            this.#remembered.clear();
          },
          failed: (why) => warn('the keys of an issuer could not be fetched', { issuer, url: withoutQuery(keys.url), why }),
        });
    }
  }
}

type Checked = IssuerSettings & { readonly key: Parameters<typeof jwtVerify>[1]; readonly now: number };

/** Signature, issuer, audience and times. `until` is the instant from which the token is no longer valid. */
async function claimsOf(
  text: string,
  { issuer, audiences, algorithms, leewayMs, key, now }: Checked,
): Promise<{ readonly kind: 'claims'; readonly claims: JsonObject; readonly until: number } | { readonly kind: 'refused'; readonly reason: Reason }> {
  const currentDate = new Date(now);
  const options = {
    issuer,
    audience: [...audiences],
    algorithms: [...algorithms],
    clockTolerance: leewayMs / 1000,
    currentDate,
    requiredClaims: ['exp'],
  };
  let claims: unknown;
  try {
    ({ payload: claims } = await jwtVerify(text, key, options));
  } catch (error) {
    return refused(reasonOf(error));
  }
  if (!isJsonObject(claims)) return refused('token-invalid');
  const expires = memberOf(claims, 'exp');
  const issued = memberOf(claims, 'iat');
  if (typeof expires !== 'number' || !Number.isFinite(expires)) return refused('token-invalid');
  if (issued !== undefined && !(typeof issued === 'number' && issued * 1000 <= now + leewayMs)) return refused('token-not-yet-valid');
  const until = expires * 1000 + leewayMs;
  return now < until ? { kind: 'claims', claims, until } : refused('token-expired');
}

function reasonOf(error: unknown): Reason {
  if (error instanceof errors.JWTExpired) return 'token-expired';
  const early = error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed';
  return early ? 'token-not-yet-valid' : 'token-invalid';
}

function refused(reason: Reason): { readonly kind: 'refused'; readonly reason: Reason } {
  return { kind: 'refused', reason };
}
