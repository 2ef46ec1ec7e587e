// The settings of a route, every one of which `defaults` takes too; what they decide is in rules/policy.ts.
import { z } from 'zod';
import { STRATEGIES } from '../rules/routes.ts';
import { duration, flag, fraction, integer, list, oneOf, section, size, type Setting, text, timeout, given } from './setting.ts';
import { fieldName, fieldValue, forwardedField, host, method, originName, pathPattern, query, scope } from './values.ts';

const template = text({ allowed: 'a tag, with {name}, {query.name} and {claim.name}', read: given }, { about: 'A tag.' });

/** Those with a default. */
const withDefault = {
  upgrade: flag({ about: 'Permits WebSocket.', default: false }),
  pass: flag({ about: 'Never look up, collapse or store.', default: false }),
  max_request_body: size({ about: 'A larger body of a request is answered 413.', default: '64MiB' }, { leastBytes: 0, mostBytes: 1024 ** 4 }),
  override: flag({ about: '`ttl` beats what the origin says (but not no-store or private).', default: false }),
  stale_while_revalidate: duration({ about: 'Where the origin gives none: served stale for this long while it is refreshed.', default: '0s' }),
  stale_if_error: duration({ about: 'Where the origin gives none: served stale for this long while the origin fails.', default: '0s' }),
  keep: duration({ about: 'A stale response with a validator is kept this long to be revalidated.', default: '1h' }),
  heuristic_freshness: fraction({ about: 'RFC 9111 §4.2.2: this fraction of the time since Last-Modified; 0: off.', default: 0 }),
  store_set_cookie: flag({ about: 'Store responses that set a cookie.', default: false }),
  store_partial: flag({ about: 'Store 206 responses.', default: false }),
  store_post: flag({ about: 'RFC 9110 §9.3.3: the answer to a POST may answer a later GET.', default: false }),
  store_errors: flag({ about: 'Store 4xx and 5xx that have explicit freshness.', default: true }),
  store_close_delimited: flag({ about: 'Store bodies whose end is only the end of the connection, or is followed by more.', default: false }),
  store_authorized: oneOf(['explicit', 'rfc'], {
    about: 'What lets a response to an authorized request be shared: explicit wants public or s-maxage, rfc takes must-revalidate too.',
    default: 'explicit',
  }),
  store_unversioned: flag({
    about: 'false: what states no Surrogate-Version is not stored, nor what leaves out a tag whose version a purge demanded.',
    default: true,
  }),
  store_private: flag({ about: 'Store private responses where the scope is one user.', default: false }),
  cookies: oneOf(['explicit', 'ignore', 'strip'], {
    about: "A request's Cookie: explicit stores only what says that it is shared; ignore: it means nothing; strip: it is not forwarded.",
    default: 'explicit',
  }),
  s_maxage_allows_swr: flag({
    about: 'An explicit stale-while-revalidate beside s-maxage is honoured (RFC 9111 §5.2.2.10 says otherwise).',
    default: true,
  }),
  normalise: list(oneOf(['accept-encoding', 'accept-language'], { about: 'A request field.' }), {
    about: 'Request fields brought to one form before they select a variant.',
    default: ['accept-encoding'],
  }),
  max_variants: integer({ about: 'Of one URL and scope.', default: 64 }, { least: 1, most: 4096 }),
  inflight: oneOf(['retry', 'strict'], {
    about: 'A purge during a fetch: retry gives concurrent requests a second one, strict gives nobody the older answer.',
    default: 'retry',
  }),
  collapse: flag({ about: 'One forwarded request answers several at once.', default: true }),
  leader_timeout: timeout({ about: 'How long a fetch without a head may be joined.', default: '10s' }),
  follower_timeout: timeout({ about: 'How long a follower waits for a head before it goes by itself.', default: '5s' }),
  hit_for_miss: duration({ about: 'How long a URL that proved uncacheable is remembered as such.', default: '2m' }),
  client_cache_control: fieldValue({ about: 'What clients get as Cache-Control on stored responses; origin leaves it.', default: 'origin' }),
  scope: scope({ about: 'Whom an answer may be shared with.', default: 'public' }),
  required: flag({ about: 'Under a scope of claims: a GET or HEAD without a token is answered 401.', default: false }),
  tags: list(template, { about: "Tags beside the origin's own; {name} from the path, {query.name}, {claim.name}.", default: [] }),
  audit: flag({ about: 'Hits may be compared with the origin, where `audit` says how many.', default: true }),
  invalidates: list(template, { about: 'Purged when a POST, PUT, PATCH or DELETE here succeeds, before its answer is released.', default: [] }),
};

const withoutDefault = {
  strategy: oneOf(STRATEGIES, {
    about: 'A preset of other settings, each of which may be set beside it: docs/strategies.md. It goes over `defaults`.',
  }),
  origin: originName({ about: 'Where requests go; without it to --origin, else to the first of `origins`.' }),
  ttl: duration({ about: 'Freshness where the origin gives none.' }),
  query: query({ about: 'Which query parameters count; they are sorted by name. Without it: all of them, as received.' }),
  forward: list(forwardedField({ about: 'A request field.' }), {
    about:
      "Only these request fields go to the origin, with the scope's credentials, conditions, ranges, Cache-Control and what Freshet itself writes. Without it: all.",
  }),
  vary: list(fieldName({ about: 'A request field.' }), {
    about: 'A response that varies on anything else is not stored. Without it: any but Cookie and Authorization.',
  }),
  max_object: size({ about: 'A larger body is passed on and not stored; without it `store.max_object`.' }, { leastBytes: 1, mostBytes: 1024 ** 3 }),
};

/** What only `routes` have: which requests a route takes. */
export const routeMatch = {
  path: pathPattern({ about: 'Segments: literal, :name, * for any one, ** (last) for the rest.' }),
  host: z.exactOptional(host({ about: 'Only requests for this host.' })),
  methods: z.exactOptional(
    list(method({ about: 'A method.' }), { about: 'Only these methods; GET takes HEAD too.' }).refine((methods) => methods.length > 0, {
      error: 'found an empty list; allowed: at least one method',
    }),
  ),
};

export const routeSettings = section({ ...leftOut(withDefault), ...leftOut(withoutDefault) });

export type RouteSettings = z.output<typeof routeSettings>;

/** The defaults of a route before `defaults` in the file changes them. */
export const ROUTE_DEFAULTS = section(withDefault).parse(
  Object.fromEntries(Object.entries(withDefault).map(([key, kind]) => [key, kind.meta()?.['default']])),
);

type LeftOut<S extends z.core.$ZodLooseShape> = { [K in keyof S]: z.ZodExactOptional<S[K]> };

/** Each may be left out, and is then absent (not undefined), so that spreading a route over `defaults` works. */
function leftOut<S extends Record<string, Setting<unknown>>>(shape: S): LeftOut<S> {
  // The cast: Object.fromEntries forgets which key has which setting.
  return Object.fromEntries(Object.entries(shape).map(([key, kind]) => [key, z.exactOptional(kind)])) as LeftOut<S>;
}
