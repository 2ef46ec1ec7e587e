// What a request takes from the configuration: made again at each reload, but for the verifier of tokens where its issuers stay.
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { keying } from '../config/keying.ts';
import { isKeptFromClient, trustedPeers } from '../http/forwarding.ts';
import { TokenVerifier } from '../identity/verifier.ts';
import type { Observer } from '../observe/observer.ts';
import type { View } from '../rules/packed-response.ts';
import { scopeNames } from '../rules/scope-names.ts';
import type { Settings } from './parts.ts';

export interface VerifierParts {
  /** Of the world that dates tokens. */
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'warn' | 'limitReached'>;
}

/** `before`: those in force until now; their verifier, with its keys and what it remembers, stays unless the issuers have changed. */
export function settingsOf(config: Config, parts: VerifierParts, before?: Settings): Settings {
  const tokens = verifierOf(config, parts, before);
  const tagHeaders = new Set(config.tags.headers);
  return {
    config,
    keying: hash('sha256', keying(config), 'base64url'),
    ...(tokens === undefined ? {} : { tokens }),
    trusted: trustedPeers(config.trustedProxies),
    tagHeaders,
    views: viewsOf(config.tags.expose, tagHeaders),
    purgeNames: { tagHeaders: config.tags.headers, scopes: scopeNames([...config.routes, config.defaultRoute]) },
  };
}

/** For `views` of Settings. */
export function viewsOf(expose: boolean, tagHeaders: ReadonlySet<string>): Settings['views'] {
  const viewOf = (cacheControl: string | undefined): View => ({
    hides: (name) => isKeptFromClient(name, { expose, tagHeaders, ageSeconds: 0, cacheStatus: '', cacheControl, contentLength: 0 }),
  });
  return { plain: viewOf(undefined), controlled: viewOf('') };
}

function verifierOf({ issuers }: Config, { clock, observer }: VerifierParts, before: Settings | undefined): TokenVerifier | undefined {
  if (before !== undefined) {
    if (isDeepStrictEqual(before.config.issuers, issuers)) return before.tokens;
    void before.tokens?.close();
  }
  if (issuers.length === 0) return undefined;
  return new TokenVerifier({
    issuers,
    clock,
    warn: (message, detail) => observer.warn(message, detail),
    limitReached: (limit) => observer.limitReached(limit),
  });
}
