// SECURITY §1 to §13, a row here for each row there: what it is about and which tests ask for it, or why nothing does. ledger.test.ts sees that they are there.

/** Files under `test/`, and in each the titles of tests, or the names or numbers of rows, as they are written there. */
export type NamedTests = Readonly<Record<string, readonly string[]>>;

export interface LedgerRow {
  /** Section and place in it: `1.13` is row 13 of the table, `9.2` the second item of the list. */
  readonly row: string;
  readonly what: string;
  /** `absent`: what the row is about does not exist in Freshet. */
  readonly by: { readonly tests: NamedTests } | { readonly absent: string };
}

const LENGTHS = 'security/length-rows.ts';
const HEADS = 'security/head-rows.ts';
const REQUESTS = 'security/request-rows.ts';
const ANSWERS = 'security/answer-rows.ts';
const METHODS = 'security/method-rows.ts';
const STORINGS = 'security/storing-rows.ts';
const DENIALS = 'security/denial-rows.ts';
const POISONINGS = 'security/poisoning-rows.ts';
const ABUSES = 'security/abuse-rows.ts';
const COLLAPSES = 'security/collapse-rows.ts';
const PATTERNS = 'security/patterns.test.ts';
const PURGES = 'security/purge-rows.ts';
const TAGS = 'security/tag-rows.ts';
const DECEPTIONS = 'security/deception-rows.ts';
const RESPONSES = 'security/response-rows.ts';
const CONNECTIONS = 'security/origin-connections.test.ts';
const LIFE = 'security/life-cycle.test.ts';
const LIMITS = 'proxy/journey-limits.test.ts';

export const LEDGER: readonly LedgerRow[] = [
  // §1 Request framing and desync
  { row: '1.1', what: 'Content-Length and Transfer-Encoding together', by: { tests: { [LENGTHS]: ['1.1'] } } },
  { row: '1.2', what: 'Content-Length twice, in a list, or no plain number', by: { tests: { [LENGTHS]: ['1.2'] } } },
  { row: '1.3', what: 'a transfer coding besides chunked', by: { tests: { [LENGTHS]: ['1.3'] } } },
  { row: '1.4', what: 'Transfer-Encoding in disguise', by: { tests: { [LENGTHS]: ['1.4'] } } },
  { row: '1.5', what: 'chunked on HTTP/1.0', by: { tests: { [LENGTHS]: ['1.5'] } } },
  { row: '1.6', what: 'broken field grammar', by: { tests: { [HEADS]: ['1.6'] } } },
  { row: '1.7', what: 'obs-text', by: { tests: { [HEADS]: ['1.7', 'Host with obs-text'] } } },
  { row: '1.8', what: 'chunk extensions', by: { tests: { [LENGTHS]: ['1.8'] } } },
  { row: '1.9', what: 'broken chunks', by: { tests: { [LENGTHS]: ['1.9'] } } },
  { row: '1.11', what: 'trailers', by: { tests: { [LENGTHS]: ['1.11'] } } },
  { row: '1.12', what: 'no Host', by: { tests: { [HEADS]: ['1.12'] } } },
  { row: '1.13', what: 'two Host fields', by: { tests: { [HEADS]: ['1.13'] } } },
  { row: '1.14', what: 'a malformed Host', by: { tests: { [HEADS]: ['1.14'] } } },
  { row: '1.15', what: 'targets that are not origin-form', by: { tests: { [HEADS]: ['1.15'], [REQUESTS]: ['1.15'] } } },
  { row: '1.16', what: 'a body where none is due', by: { tests: { [REQUESTS]: ['1.16'] } } },
  { row: '1.17', what: 'other versions of HTTP', by: { tests: { [HEADS]: ['1.17'] } } },
  { row: '1.18', what: 'fragments, backslashes and controls in a target', by: { tests: { [HEADS]: ['1.18'] } } },
  { row: '1.19', what: 'a malformed request line', by: { tests: { [HEADS]: ['1.19'] } } },
  { row: '1.20', what: 'more fields than the parser kept', by: { tests: { [REQUESTS]: ['1.20'] } } },
  { row: '1.21', what: 'a head over the limit', by: { tests: { [REQUESTS]: ['1.21'] } } },
  { row: '1.22', what: 'Expect that is not exactly 100-continue', by: { tests: { [REQUESTS]: ['1.22'] } } },
  { row: '1.23', what: 'Upgrade that is not served', by: { tests: { [REQUESTS]: ['1.23'] } } },
  { row: '1.24', what: 'repeated fields', by: { tests: { [REQUESTS]: ['1.24'] } } },
  {
    row: '1.25',
    what: 'several requests on one connection',
    by: {
      tests: {
        [REQUESTS]: ['1.25'],
        'proxy/listener.test.ts': [
          'answers pipelined requests in order',
          'answers the first and then refuses a malformed second, whenever the first answer comes',
          'survives half a request and a reset',
        ],
      },
    },
  },
  { row: '1.26', what: 'HTTP/2 to HTTP/1 translation', by: { absent: 'HTTP/2 is not spoken to clients' } },
  {
    row: '1.27',
    what: 'below the table: one framing of our own, and no connection to an origin used again after anything out of turn',
    by: {
      tests: {
        'security/request-framing.test.ts': ['$row $name'],
        [CONNECTIONS]: [
          'a connection to an origin carries no other request after',
          'gives who waits for it no answer that came behind another',
          'gives nobody an answer that came just before the request',
        ],
      },
    },
  },

  // §2 Origin response framing
  {
    row: '2.1',
    what: 'a body that is cut, or followed by more',
    by: { tests: { [RESPONSES]: ['2.1'], 'truncation.test.ts': ['the origin cut at every byte of'] } },
  },
  { row: '2.2', what: 'a body that only the connection ends', by: { tests: { [RESPONSES]: ['2.2'] } } },
  { row: '2.3', what: 'two lengths, broken grammar', by: { tests: { [RESPONSES]: ['2.3'] } } },
  { row: '2.4', what: 'a transfer coding besides chunked', by: { tests: { [RESPONSES]: ['2.4'] } } },
  { row: '2.5', what: 'a 101 that nobody asked for', by: { tests: { [RESPONSES]: ['2.5'] } } },
  { row: '2.6', what: 'interim responses, one or a thousand', by: { tests: { [RESPONSES]: ['2.6'] } } },
  { row: '2.7', what: 'a 204 with a body', by: { tests: { [RESPONSES]: ['2.7'] } } },
  { row: '2.8', what: 'a 304 or a 206 that nobody asked for', by: { tests: { [RESPONSES]: ['2.8'] } } },
  { row: '2.9', what: 'a status that there is not', by: { tests: { [RESPONSES]: ['2.9'] } } },
  { row: '2.10', what: 'a head over the limit', by: { tests: { [RESPONSES]: ['2.10'] } } },
  { row: '2.11', what: 'filler fields in front of the one that counts', by: { tests: { [RESPONSES]: ['2.11'] } } },
  { row: '2.12', what: 'trailers', by: { tests: { [RESPONSES]: ['2.12'] } } },

  // §3 Keys, poisoning, deception
  { row: '3.1', what: 'header fields that no key holds', by: { tests: { [POISONINGS]: ['3.1'] } } },
  { row: '3.2', what: 'method override', by: { tests: { [METHODS]: ['3.2'] } } },
  { row: '3.3', what: 'bodies of GET, HEAD, and other methods', by: { tests: { [METHODS]: ['3.3'] } } },
  {
    row: '3.4',
    what: 'queries that two readers read differently',
    by: { tests: { [DECEPTIONS]: ['3.4'], 'rules/key.test.ts': ['the query rule of a route'] } },
  },
  { row: '3.5', what: 'refusals and errors that an attacker provokes', by: { tests: { [DENIALS]: ['3.5'] } } },
  { row: '3.6', what: 'cache deception', by: { tests: { [DECEPTIONS]: ['3.6'] } } },
  { row: '3.7', what: 'spellings of a host, and hosts that are not served', by: { tests: { [DECEPTIONS]: ['3.7'] } } },
  { row: '3.8', what: 'redirects, and a 304 from elsewhere', by: { tests: { [ANSWERS]: ['3.8'] } } },
  {
    row: '3.9',
    what: 'response splitting and reflection',
    by: { tests: { [ANSWERS]: ['3.9'], 'proxy/client-contract.ts': ['with a line break in a field'] } },
  },
  { row: '3.10', what: 'conditions with entity-tags and dates', by: { tests: { [ANSWERS]: ['3.10'] } } },

  // §4 What may be stored
  {
    row: '4.1',
    what: 'the directive parser',
    by: {
      tests: {
        [STORINGS]: ['4.1'],
        'fuzz/cache-control.test.ts': ['noise in lines of its own, before or behind, never makes storable what is not'],
        'rules/storability.test.ts': ['inserting noise never makes it storable'],
      },
    },
  },
  { row: '4.2', what: 'Set-Cookie and what is for one client', by: { tests: { [STORINGS]: ['4.2'] } } },
  { row: '4.3', what: 'requests with credentials', by: { tests: { [STORINGS]: ['4.3'] } } },
  {
    row: '4.4',
    what: 'Vary',
    by: {
      tests: {
        [STORINGS]: ['4.4'],
        'fuzz/vary.test.ts': ['requests that select the same variant are alike in each of its fields'],
        'proxy/journey-collapse.test.ts': ['of another variant: those who want the same share one more fetch'],
      },
    },
  },
  {
    row: '4.5',
    what: 'freshness, age and dates',
    by: { tests: { [STORINGS]: ['4.5'], 'rules/freshness.test.ts': ['never falls as time goes by, nor as the stated age grows'] } },
  },
  { row: '4.6', what: 'Content-Encoding', by: { tests: { [STORINGS]: ['4.6'] } } },
  { row: '4.7', what: 'hop-by-hop fields in stored responses', by: { tests: { [STORINGS]: ['4.7'] } } },

  // §6 Purge endpoint
  { row: '6.1', what: 'off by default on the public listener', by: { tests: { [PURGES]: ['6.1'] } } },
  {
    row: '6.2',
    what: 'tokens',
    by: { tests: { [PURGES]: ['6.2'], 'purge/endpoint.test.ts': ['a missing or wrong one is answered 401 with a challenge'] } },
  },
  {
    row: '6.3',
    what: 'tenancy: a token for some tags or hosts',
    by: { absent: 'there is one purge token for each listener, and it permits any purge' },
  },
  { row: '6.4', what: 'requests to elsewhere', by: { tests: { [PURGES]: ['6.4'] } } },
  {
    row: '6.5',
    what: 'injection',
    by: {
      tests: {
        [PURGES]: ['6.5'],
        'fuzz/purge-bodies.test.ts': ['with edits are orders or problems, and orders make the round trip'],
        'purge/tag-hash.test.ts': ['no tag can be written that hits an implicit tag'],
      },
    },
  },
  {
    row: '6.6',
    what: 'too much at once',
    by: {
      tests: {
        [PURGES]: ['6.6'],
        'purge/rate.test.ts': ['purge-all is slow, and does not use up the rest'],
        'purge/purge-cost.test.ts': ['%s ends them and touches the store zero times'],
      },
    },
  },
  {
    row: '6.7',
    what: 'a stampede after a purge',
    by: {
      tests: {
        'proxy/journey-mass-purge.test.ts': [
          'within the queue: all are answered with their own, and the origin is asked once or twice for each',
          'over the queue: the rest is told to come back, and finds everything when it does',
        ],
      },
    },
  },
  {
    row: '6.8',
    what: 'what cannot be confirmed is not: no room for a settle window',
    by: {
      tests: {
        'purge/purge.test.ts': ['out of holds: nothing is published, the record says so'],
        'purge/marks.test.ts': ['past the limit the purge is refused, nothing is forgotten'],
        'proxy/passage.test.ts': ['a write for whose settle window there is no room purges all the same, and says so'],
      },
    },
  },
  { row: '6.9', what: 'web pages', by: { tests: { [PURGES]: ['6.9'], 'admin/server.test.ts': ['a rebound page'] } } },
  {
    row: '6.10',
    what: 'a line for every attempt',
    by: { tests: { 'security/purge-audit.test.ts': ['every attempt leaves one line'], 'purge/gate.test.ts': ['no credential stands in it'] } },
  },

  // §7 Tags and index bombs
  { row: '7.1', what: '32 KiB of tags', by: { tests: { [TAGS]: ['7.1'] } } },
  { row: '7.2', what: '5,000 tags', by: { tests: { [TAGS]: ['7.2'] } } },
  { row: '7.3', what: 'one tag of 20 KiB', by: { tests: { [TAGS]: ['7.3'] } } },
  { row: '7.4', what: 'one tag 1,000 times', by: { tests: { [TAGS]: ['7.4'] } } },
  {
    row: '7.5',
    what: 'a million distinct tags',
    by: {
      tests: {
        'purge/marks.test.ts': ['property: after a hard purge nothing with an older asOf passes, in the smallest table too, over every restart'],
        'purge/mark-table.test.ts': ['property: %i bucket(s): exact with room, never older without'],
        'store/contract.ts': ['is never exceeded by very many tiny entries, whose keys have %i characters and more'],
      },
    },
  },
  { row: '7.6', what: 'tags of what is not cached', by: { tests: { [TAGS]: ['7.6'] } } },
  {
    row: '7.7',
    what: 'mixed separators',
    by: { tests: { [TAGS]: ['7.7'], 'fuzz/tags.test.ts': ['no word is lost: all are tags of the response, or it is refused'] } },
  },
  { row: '7.8', what: 'several tag fields', by: { tests: { [TAGS]: ['7.8'] } } },
  { row: '7.9', what: 'tag fields of the client', by: { tests: { [TAGS]: ['7.9'] } } },

  // §8 Resource exhaustion
  {
    row: '8.1',
    what: 'heads, bodies and readers that are slow, and idle sockets',
    by: {
      tests: {
        [LIMITS]: [
          'limits.headers_timeout',
          'limits.idle_timeout',
          'limits.stall_timeout',
          'limits.min_rate',
          'limits.connections',
          'limits.connections_per_address',
          'and two hundred more are all ended, while others are served',
        ],
        'proxy/pace.test.ts': ['too slowly is cut', 'too slowly', 'for a pipelined answer that is behind another', 'as a tunnel'],
        'proxy/admission.test.ts': ['so many may connect, while another address still gets in'],
        'security/pipelining.test.ts': [
          '$name has so many under way as may be, and is cut',
          'is answered as long as answers are taken: what has its answer is not counted',
        ],
      },
    },
  },
  {
    row: '8.2',
    what: 'a slow reader of a collapsed fetch',
    by: {
      tests: {
        [LIMITS]: ['only the one that takes nothing is cut'],
        'proxy/journey-streaming.test.ts': ['that is stored does not wait: others get it whole while its first client does not read'],
      },
    },
  },
  {
    row: '8.3',
    what: 'bodies that are too large to be stored',
    by: {
      tests: {
        [LIMITS]: ['store.max_object', 'store.fills'],
        'proxy/journey-streaming.test.ts': ['that grows past max_object'],
        'proxy/journey-bounds.test.ts': ['$name, that slow clients do not take: past the limit nothing new is kept, until they have gone'],
      },
    },
  },
  {
    row: '8.4',
    what: 'heads, targets and bodies of requests that are too large',
    by: {
      tests: {
        [LIMITS]: ['limits.header_bytes', 'limits.header_count', 'limits.url_bytes'],
        'proxy/journey-request-body.test.ts': [
          'too large, is not asked for: no 100 Continue, and the connection ends',
          'that grows larger ends the exchange with the origin and the connection: %s',
          'that grows larger counts as a write that may have happened',
        ],
      },
    },
  },
  {
    row: '8.5',
    what: 'many entries, long keys',
    by: {
      tests: {
        'store/contract.ts': [
          'is never exceeded by very many tiny entries, whose keys have %i characters and more',
          'charges what is not the body, too',
        ],
        'proxy/journey-bounds.test.ts': ['that proved uncacheable are remembered in a bounded memory'],
      },
    },
  },
  {
    row: '8.6',
    what: 'random queries and variants without end',
    by: {
      tests: {
        [ABUSES]: ['8.6'],
        [STORINGS]: ['of 65 variants the one not used for longest is gone'],
        'store/contract.ts': ['is not taken by the variants of one key'],
      },
    },
  },
  {
    row: '8.7',
    what: 'names of prototypes, and hashes that collide',
    by: {
      tests: {
        [ABUSES]: ['8.7'],
        'identity/claims.test.ts': ['a prototype is no member'],
        'store/contract.ts': ['takes any text as a key: %j'],
        'rules/key.test.ts': ['is equal exactly where scope, target and origin are'],
      },
    },
  },
  { row: '8.8', what: 'patterns that take the square of a length', by: { tests: { [PATTERNS]: ['of origins', 'of clients', 'of operators'] } } },
  { row: '8.9', what: 'ranges without end', by: { tests: { [ABUSES]: ['8.9'], 'fuzz/ranges.test.ts': ['of a whole response are slices of it'] } } },
  { row: '8.10', what: 'codings of codings', by: { tests: { [STORINGS]: ['4.6'] } } },
  { row: '8.11', what: 'HTTP/2', by: { absent: 'HTTP/2 is not spoken to clients' } },
  {
    row: '8.12',
    what: 'a stalled event loop',
    by: {
      tests: {
        [PATTERNS]: ['of operators'],
        'purge/purge-cost.test.ts': ['%s ends them and touches the store zero times'],
        'purge/sweeper.test.ts': ['goes through the whole store in slices of at most 256'],
      },
    },
  },
  {
    row: '8.13',
    what: 'storms of retries',
    by: {
      tests: {
        'origin/retry.test.ts': [
          'is retried once, on a fresh connection, and `sent` is told again',
          '$method without a body is sent $tries times (RFC 9110 §9.2.2)',
          'is not retried after $name',
          'stops being retried when one request in ten was',
        ],
        'origin/pool-breaker.test.ts': ['is not asked again by a retry'],
      },
    },
  },

  // §9 Message life cycle
  {
    row: '9.1',
    what: 'clients that leave, at any stage, leading others or not',
    by: {
      tests: {
        'security/aborts.test.ts': ['at every stage of their requests leave nothing behind'],
        'proxy/journey-collapse.test.ts': [
          "the leader's client leaves before the head: the followers get the answer",
          "the leader's client leaves in the body: the followers get it whole, and it is stored",
          'everyone leaves: the fetch is given up',
        ],
        'proxy/journey-bounds.test.ts': ['hold nothing when their client left before the head: %s'],
        'proxy/journey-streaming.test.ts': ['stops at the origin when its client leaves'],
      },
    },
  },
  {
    row: '9.2',
    what: 'truncation is seen by all, and nothing of it is stored',
    by: {
      tests: {
        'truncation.test.ts': ['the origin cut at every byte of'],
        'proxy/journey-collapse.test.ts': ['in its body (%s): everyone sees the cut, nothing is stored'],
        'proxy/client-contract.ts': ['destroyed half-way are seen to be cut: %j'],
      },
    },
  },
  {
    row: '9.3',
    what: 'Expect: 100-continue',
    by: {
      tests: {
        [REQUESTS]: ['1.22'],
        [LIFE]: [
          'is answered when the request goes to the origin, and not while it waits for a connection',
          'is not answered where Freshet needs no body, and what the client sends all the same is no request',
          'ends with its connection where the origin answers before the body was sent',
        ],
      },
    },
  },
  {
    row: '9.4',
    what: 'Upgrade and CONNECT',
    by: {
      tests: {
        [REQUESTS]: ['9.4', '1.23'],
        [HEADS]: ['1.15'],
        [LIFE]: [
          'begins with the 101: what the client sends before reaches nobody, and after it as it is',
          'that the origin answers with $name is none: what follows the handshake is no request',
          'has a connection of its own, which no request is sent on later',
        ],
        'proxy/upgrade.test.ts': ['are plain requests on routes that do not permit them'],
      },
    },
  },
  {
    row: '9.5',
    what: 'fields that end at the hop, and a Connection that nominates what must stay',
    by: {
      tests: {
        [REQUESTS]: ['9.5'],
        [RESPONSES]: ['9.5'],
        'proxy/journey-forwarding.test.ts': [
          'hop-by-hop fields end here, both ways',
          'a Connection that nominates what must stay is refused, from either side',
        ],
      },
    },
  },
  {
    row: '9.6',
    what: 'HEAD beside GET',
    by: {
      tests: {
        [LIFE]: ['with another length changes nothing of the entry, and with a body makes none'],
        [CONNECTIONS]: ['an answer with a body to HEAD'],
        'proxy/journey-reuse.test.ts': ['HEAD is answered from a GET entry, and never makes one'],
      },
    },
  },
  {
    row: '9.7',
    what: 'trailers, interim responses, Via, Cdn-Loop and Max-Forwards',
    by: {
      tests: {
        [LENGTHS]: ['1.11'],
        [RESPONSES]: ['2.6', '2.12'],
        [REQUESTS]: ['9.7'],
        'proxy/journey-forwarding.test.ts': [
          'a request that has been here before is a loop',
          'Via, Forwarded and X-Forwarded-* are ours, whatever a stranger claims',
          '1xx go on before the answer, without what ends at the hop',
        ],
        'proxy/journey-holes.test.ts': ['Max-Forwards: 0 is answered here'],
      },
    },
  },
  {
    row: '9.8',
    what: 'a wall clock that steps',
    by: { tests: { [LIFE]: ['$name neither expires an entry nor makes it younger'] } },
  },
  {
    row: '9.9',
    what: 'shutdown',
    by: {
      tests: {
        'proxy/journey-operation.test.ts': [
          'finishes what is in flight, tells its client that it is the last, and takes nothing new',
          'closes idle connections at once, and cuts what does not end in time',
          'a write in flight runs to its end',
        ],
        'commands/serve.test.ts': ['%s finishes what is in flight and exits 0'],
        'proxy/upgrade.test.ts': ['end with a drain'],
      },
    },
  },

  // §10 Origin failure
  {
    row: '10.1',
    what: 'a storm of errors',
    by: {
      tests: {
        'proxy/journey-breaker.test.ts': [
          'of %i: each is passed on, none is stored, and nothing is held back',
          'of 503, gateway_errors: it is left alone',
        ],
      },
    },
  },
  {
    row: '10.2',
    what: 'a storm of timeouts',
    by: { tests: { 'proxy/journey-breaker.test.ts': ['of silence: those that were sent wait for the timeout, the rest does not'] } },
  },
  {
    row: '10.3',
    what: 'an origin that flaps',
    by: {
      tests: {
        'proxy/journey-breaker.test.ts': [
          'of an origin that is up and down by turns: each time down costs it few requests, each time up all are answered',
        ],
      },
    },
  },
  {
    row: '10.4',
    what: 'a name that does not exist',
    by: {
      tests: {
        'proxy/journey-origins.test.ts': ['its name does not exist'],
        'origin/pool.test.ts': ['reports a name that does not exist as origin-unreachable'],
      },
    },
  },
  {
    row: '10.5',
    what: 'TLS that fails',
    by: {
      tests: {
        'proxy/journey-origins.test.ts': ['its certificate is not to be trusted', 'it does not answer the TLS handshake'],
        'proxy/journey-tls.test.ts': ["another's CA"],
      },
    },
  },
  {
    row: '10.6',
    what: 'one slow origin of two',
    by: { tests: { 'proxy/journey-origins.test.ts': ['one that is slow, with all its connections and its queue taken, does not slow the other'] } },
  },
  {
    row: '10.7',
    what: 'a 200 with the text of an error',
    by: { tests: { 'proxy/journey-origins.test.ts': ['200 with the text of an error is what it says it is'] } },
  },
  {
    row: '10.8',
    what: 'stale-if-error: never after a hard purge, past its window, or against must-revalidate',
    by: {
      tests: {
        'proxy/journey-breaker.test.ts': [
          'stale-if-error answers within its window and not after it',
          'what was purged hard is not served; softly, it is',
          '${directive} is not served stale',
        ],
        'proxy/journey-stale.test.ts': [
          'a hard purge beats availability; a soft one does not',
          'after the window the failure is the answer, as the origin gave it',
        ],
      },
    },
  },
  {
    row: '10.9',
    what: 'errors are kept only as long as the origin says, in their scope, with their tags',
    by: {
      tests: {
        'proxy/journey-origins.test.ts': [
          "${status} without freshness of its own is not stored, whatever the route's ttl",
          '${status} with freshness of its own is stored for that long, and purged as any other',
          'an error of one scope is not the answer of another',
        ],
      },
    },
  },
  {
    row: '10.10',
    what: 'a breaker for each origin, with a half-open probe',
    by: {
      tests: {
        'origin/breaker.test.ts': ['one probe at a time'],
        'origin/pool-breaker.test.ts': ['a probe whose client leaves gives its place to the next', 'what waits when it opens is told at once'],
        'proxy/journey-breaker.test.ts': ['one request finds that it is back'],
        'security/breaker.test.ts': ['$name', 'taking a body so slowly that the origin breaks it off'],
      },
    },
  },
  {
    row: '10.11',
    what: 'a thundering herd',
    by: {
      tests: {
        'proxy/journey-mass-purge.test.ts': [
          'within the queue: all are answered with their own, and the origin is asked once or twice for each',
          'over the queue: the rest is told to come back, and finds everything when it does',
        ],
      },
    },
  },
  {
    row: '10.12',
    what: 'who waits shares a failure once',
    by: { tests: { 'proxy/journey-herd.test.ts': ['%i: the followers are told whose it is'] } },
  },
  {
    row: '10.13',
    what: 'Retry-After of the origin',
    by: {
      tests: {
        'proxy/journey-origins.test.ts': ['Retry-After of a ${status} goes on to the client', 'Retry-After reaches all who shared the fetch'],
      },
    },
  },
  {
    row: '10.14',
    what: 'no other origin stands in',
    by: { tests: { 'proxy/journey-origins.test.ts': ['one that is held back does not hold back the other, which never stands in for it'] } },
  },
  {
    row: '10.15',
    what: "the origin is never of the request's choosing",
    by: { tests: { 'proxy/journey-origins.test.ts': ['the route says which is asked, whatever the request says'] } },
  },
  {
    row: '10.16',
    what: 'one address for each connection',
    by: { absent: 'Freshet keeps no addresses: each connection looks its name up once, in Node' },
  },

  // §11 Cache of the wrong thing
  {
    row: '11.1',
    what: 'two scopes at one instant',
    by: {
      tests: {
        [COLLAPSES]: ['11.1'],
        'proxy/journey-collapse.test.ts': ['two credentials never share a fetch'],
        'purge/race-flights.test.ts': ['fetches of two credentials are never one'],
        'leak-hunt/leak-hunt.test.ts': ['no answer crosses from one scope, key or variant to another, and none is mixed or short: workers $workers'],
      },
    },
  },
  { row: '11.2', what: 'a leader whose answer is private', by: { tests: { [COLLAPSES]: ['11.2'] } } },
  { row: '11.3', what: 'a leader whose answer is not to be stored', by: { tests: { [COLLAPSES]: ['11.3'] } } },
  { row: '11.4', what: 'a leader that is given a cookie', by: { tests: { [COLLAPSES]: ['11.4'] } } },
  { row: '11.5', what: 'a leader whose answer is of another variant', by: { tests: { [COLLAPSES]: ['11.5'] } } },
  { row: '11.6', what: 'a leader that is given a part, or a 304', by: { tests: { [COLLAPSES]: ['11.6'] } } },
  {
    row: '11.7',
    what: 'a leader that is given an error',
    by: { tests: { [COLLAPSES]: ['11.7'], 'proxy/journey-herd.test.ts': ['%i: the followers are told whose it is'] } },
  },
  { row: '11.8', what: 'a leader with conditions, a range or cookies', by: { tests: { [COLLAPSES]: ['11.8'] } } },
  {
    row: '11.9',
    what: 'followers set out staggered',
    by: { tests: { 'proxy/passage.test.ts': ['followers of a private answer do not set out all at once'] } },
  },

  // §12 Redis as an attack surface
  { row: '12.1', what: 'Redis', by: { absent: 'nodes do not share anything over Redis yet' } },

  // §13 Advisory ledger
  { row: '13.1', what: 'malformed private and no-cache, in undici', by: { tests: { [STORINGS]: ['4.1'] } } },
  { row: '13.2', what: 'unsafe methods cached, in undici', by: { tests: { [METHODS]: ['3.3'] } } },
  { row: '13.3', what: 'redirects and a foreign 304, in undici', by: { tests: { [ANSWERS]: ['3.8'] } } },
  {
    row: '13.4',
    what: 'bodies buffered for collapsed readers, in undici',
    by: {
      tests: {
        [LIMITS]: ['only the one that takes nothing is cut', 'store.fills'],
        'proxy/journey-bounds.test.ts': ['$name, that slow clients do not take: past the limit nothing new is kept, until they have gone'],
      },
    },
  },
  {
    row: '13.5',
    what: 'undici: lengths that differ in case, chains of encodings',
    by: {
      tests: {
        [RESPONSES]: ['two equal Content-Length', 'two different Content-Length'],
        'security/request-framing.test.ts': ['$row $name'],
        [STORINGS]: ['4.6'],
      },
    },
  },
  {
    row: '13.6',
    what: 'Node: answers that wait on an idle connection',
    by: { tests: { [CONNECTIONS]: ['an answer on an idle connection', 'gives nobody an answer that came just before the request'] } },
  },
  { row: '13.7', what: 'llhttp: what its lenient readings let through', by: { tests: { [LENGTHS]: ['1.4', '1.9'], [HEADS]: ['1.6'] } } },
  { row: '13.8', what: 'Node: CONTINUATION frames', by: { absent: 'HTTP/2 is not spoken to clients' } },
  {
    row: '13.9',
    what: 'Pingora: a body left on a hit, a tunnel before its 101, chunks on HTTP/1.0, a key without its host',
    by: {
      tests: {
        [REQUESTS]: ['1.16'],
        [METHODS]: ['3.3'],
        [DECEPTIONS]: ['another host is another key'],
        [LENGTHS]: ['1.5'],
        [LIFE]: [
          'is not answered by an entry and makes none',
          'begins with the 101: what the client sends before reaches nobody, and after it as it is',
        ],
        'proxy/journey-reuse.test.ts': ['another host is another URL; case and a dot at the end are not'],
      },
    },
  },
  {
    row: '13.10',
    what: 'Varnish: a connection kept after something malformed, chunks, fields that Connection takes away',
    by: { tests: { 'security/request-framing.test.ts': ['$row $name'], [LENGTHS]: ['1.9'], [REQUESTS]: ['9.5'], [STORINGS]: ['4.7'] } },
  },
  {
    row: '13.11',
    what: 'a 204 and a wrong variant cached, RSC, in Next.js',
    by: { tests: { [DENIALS]: ['3.5'], [POISONINGS]: ['3.1', 'RSC'], [STORINGS]: ['4.4'] } },
  },
  {
    row: '13.12',
    what: 'Vary ignored, in axios-cache-interceptor',
    by: {
      tests: {
        [STORINGS]: ['a response with less Vary answers nobody who differs on an older axis'],
        'fuzz/vary.test.ts': ['a response is stored only with fields that can be compared, all of them'],
      },
    },
  },
  {
    row: '13.13',
    what: 'http-proxy: an error that nobody listens to ends the process',
    by: {
      tests: {
        'security/aborts.test.ts': ['at every stage of their requests leave nothing behind'],
        'proxy/upgrade.test.ts': ['survive either side leaving'],
        'fuzz/requests.test.ts': ['with edits'],
        'leak-hunt/leak-hunt.test.ts': ['no answer crosses from one scope, key or variant to another, and none is mixed or short: workers $workers'],
      },
    },
  },
  {
    row: '13.14',
    what: 'purges that were not, and that broke the cache, in Souin',
    by: {
      tests: {
        'purge/purge.test.ts': ['rule 3.3: it has happened when purgeHere returns', 'property: orders commute and repeat harmlessly'],
        'fuzz/purge-bodies.test.ts': ['with edits are orders or problems, and orders make the round trip'],
        'history/history.test.ts': ['seed $seed, $reads reads, inflight $inflight'],
      },
    },
  },
  {
    row: '13.15',
    what: 'indexes that grow, in Laravel and Magento',
    by: {
      tests: {
        'purge/mark-table.test.ts': ['property: %i bucket(s): exact with room, never older without'],
        'purge/purge-cost.test.ts': ['%s ends them and touches the store zero times'],
      },
    },
  },
  {
    row: '13.16',
    what: 'the corpora of CPDoS, of cache deception and of request smuggling',
    by: {
      tests: {
        [DENIALS]: ['3.5'],
        [DECEPTIONS]: ['3.6'],
        'fuzz/requests.test.ts': ['with edits'],
        'security/request-framing.test.ts': ['$row $name'],
      },
    },
  },
];
