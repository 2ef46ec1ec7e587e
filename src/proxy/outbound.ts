// The request as it goes to the origin: end-to-end fields, our own framing, and the conditionals that this fetch needs.
import { fieldsForOrigin, type ForwardingContext, isListed, isNotedByProxies } from '../http/forwarding.ts';
import { fieldLines, type Fields, withField, withoutFields } from '../http/fields.ts';
import { pathAndQuery } from '../http/target.ts';
import type { OriginRequest } from '../origin/exchange.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { LookupRule } from '../rules/routes.ts';
import { conditionalFields } from '../rules/validation.ts';
import type { Exchange } from './exchange.ts';
import { cookieText, scopedCookies } from './scope.ts';

/** `client`: the client's conditionals and range go on as they came. `range`: only its Range and If-Range. `own`: none but what validates `base` or completes a part. */
export type Conditionals =
  | { readonly kind: 'client' }
  | { readonly kind: 'range' }
  | { readonly kind: 'own'; readonly base?: StoredResponse | undefined; readonly missingRange?: string | undefined };

const CONDITIONALS: ReadonlySet<string> = new Set(['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']);
const ALL_SELECTIVE: ReadonlySet<string> = new Set([...CONDITIONALS, 'if-range', 'range']);
const COOKIE: ReadonlySet<string> = new Set(['cookie']);

/** The request for a fetch that may be stored and shared: without body, and stripped of what only this client asked. */
export function fetchRequest(x: Exchange, conditionals: Conditionals): OriginRequest {
  return { method: x.request.method, path: pathAndQuery(x.target), fields: selectiveFields(outboundFields(x, scopedFields), conditionals) };
}

/** The request passed on as it came, with its body. */
export function passRequest(x: Exchange): OriginRequest {
  const { method, body, bodyBytes } = x.request;
  body?.bound(x.route.maxRequestBodyBytes);
  // Only what may be stored must depend on nothing but its key.
  const mayBeStored = method === 'POST' && x.route.policy.storePost && x.scope.kind !== 'none';
  return {
    method,
    path: pathAndQuery(x.target),
    fields: outboundFields(x, mayBeStored ? scopedFields : unchanged),
    ...(body === undefined ? {} : { body }),
    ...(bodyBytes === undefined ? {} : { bodyBytes }),
  };
}

/** The question whose credential it is: with the credential alone, so that nothing else can have selected the answer. */
export function lookupRequest(x: Exchange, rule: LookupRule): OriginRequest {
  return { method: 'GET', path: rule.path, fields: fieldsForOrigin([...onTheWay(x.request.fields), ...lookupFields(x, rule)], forwarding(x, false)) };
}

/** The credential of `x` as the origin is shown it. */
export function lookupFields(x: Exchange, rule: LookupRule): string[] {
  const { fields } = x.request;
  const authorization = fieldLines(fields, 'authorization').flatMap((line) => ['authorization', line]);
  const text = cookieText(fields);
  const cookie = text === '' ? undefined : scopedCookies(rule, text);
  return cookie === undefined ? authorization : [...authorization, 'cookie', cookie];
}

/** What proxies in front have noted of the way: whoever is trusted is believed in the question too, and a loop is noticed. */
function onTheWay(fields: Fields): string[] {
  const noted: string[] = [];
  for (let i = 0; i < fields.length; i += 2) if (isNotedByProxies(fields[i] as string)) noted.push(fields[i] as string, fields[i + 1] as string);
  return noted;
}

function selectiveFields(fields: Fields, conditionals: Conditionals): Fields {
  switch (conditionals.kind) {
    case 'client':
      return fields;
    case 'range':
      return withoutFields(fields, CONDITIONALS);
    case 'own': {
      const own = withoutFields(fields, ALL_SELECTIVE);
      const { base, missingRange } = conditionals;
      if (missingRange !== undefined) own.push('range', missingRange);
      return base === undefined ? own : [...own, ...conditionalFields(base)];
    }
  }
}

type FieldRule = (x: Exchange) => Fields;

function outboundFields(x: Exchange, rule: FieldRule): Fields {
  return fieldsForOrigin(listedFields(x, rule(x)), forwarding(x, x.route.policy.cookies === 'strip'));
}

function forwarding(x: Exchange, cookiesStripped: boolean): ForwardingContext {
  const origin = x.settings.config.origins.get(x.route.origin);
  return {
    request: x.request,
    trusted: x.settings.trusted(x.request.peerAddress),
    originHost: origin?.host === 'origin' ? new URL(origin.url).host : undefined,
    cookiesStripped,
  };
}

function unchanged(x: Exchange): Fields {
  return x.request.fields;
}

/** Setting `forward`. Content-Type and its kin describe the body, and go with it. */
function listedFields(x: Exchange, fields: Fields): Fields {
  const { forward } = x.route.policy;
  if (forward === undefined) return fields;
  const describesBody = (name: string): boolean => x.request.body !== undefined && name.startsWith('content-');
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (isListed(name, forward) || describesBody(name)) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}

/** Under a scope of somebody only the cookies of the scope go on: the answer may depend on nothing that the key does not hold (S3). */
function scopedFields(x: Exchange): Fields {
  const { fields } = x.request;
  const cookie = x.scope.kind === 'public' ? '' : cookieText(fields);
  if (cookie === '') return fields;
  const kept = scopedCookies(x.route.scope, cookie);
  return kept === undefined ? withoutFields(fields, COOKIE) : withField(fields, 'cookie', kept);
}
