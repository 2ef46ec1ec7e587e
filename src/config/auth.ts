// From the settings of `auth` to the issuers that tokens are verified for, with the key files read, and what is wrong with them.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { algorithmsOf, auth, type IssuerEntry, issuerFault } from './auth-schema.ts';
import type { IssuerConfig } from './config.ts';
import { type Path, type Problem, show, unreadable } from './problems.ts';

/** RFC 7517 §5: at least one key, and none that is secret (`d` of a key pair, `k` of a shared one). */
const KEY_SET = z.looseObject({
  keys: z.array(z.looseObject({ kty: z.string(), d: z.undefined().optional(), k: z.undefined().optional() })).min(1),
});

/** What is wrong with issuers whose settings are each well formed. */
export function authProblems(data: unknown): readonly Problem[] {
  const parsed = auth.safeParse(data);
  const issuers = parsed.data?.jwt ?? [];
  const problems: Problem[] = [];
  for (const [index, entry] of issuers.entries()) {
    const at = placeOf(data, index);
    const fault = issuerFault(entry);
    if (fault !== undefined) problems.push({ path: [...at, fault[0]], message: fault[1] });
    else if (issuers.findIndex((other) => other.issuer === entry.issuer) < index) {
      problems.push({ path: [...at, 'issuer'], message: `${show(entry.issuer)} is there twice; allowed: each issuer once` });
    }
  }
  return problems;
}

export interface ReadIssuers {
  readonly problems: readonly Problem[];
  readonly issuers: readonly IssuerConfig[];
}

/** Reads the key files here, so that a missing one is a mistake in the configuration and not of the first request. */
export function readIssuers(entries: readonly IssuerEntry[], data: unknown, file: string | undefined): ReadIssuers {
  const problems: Problem[] = [];
  const issuers: IssuerConfig[] = [];
  for (const [index, entry] of entries.entries()) {
    if (issuerFault(entry) !== undefined) continue;
    const keys = keysOf(entry, file);
    if (typeof keys === 'string') problems.push({ path: [...placeOf(data, index), 'jwks_file'], message: keys });
    else issuers.push({ issuer: entry.issuer, audiences: entry.audience, algorithms: algorithmsOf(entry), leewayMs: entry.leeway, keys });
  }
  return { problems, issuers };
}

/** The keys, or why there are none. */
function keysOf(entry: IssuerEntry, file: string | undefined): IssuerConfig['keys'] | string {
  if (entry.secret !== undefined) return { kind: 'secret', secret: entry.secret };
  if (entry.jwks_url !== undefined) return { kind: 'url', url: entry.jwks_url, maxAgeMs: entry.jwks_max_age };
  try {
    const jwks = readFileSync(resolve(dirname(file ?? '.'), entry.jwks_file ?? ''), 'utf8');
    if (KEY_SET.safeParse(parse(jwks)).success) return { kind: 'set', jwks };
    return `found ${show(entry.jwks_file)}, which is not {"keys": […]} with public keys only`;
  } catch (error) {
    return `found ${show(entry.jwks_file)}, which cannot be read: ${unreadable(error)}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One issuer may stand by itself, without a list. */
function placeOf(data: unknown, index: number): Path {
  const jwt = typeof data === 'object' && data !== null && 'jwt' in data ? data.jwt : undefined;
  return Array.isArray(jwt) ? ['auth', 'jwt', index] : ['auth', 'jwt'];
}
