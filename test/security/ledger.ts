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

  // §2 Origin response framing
  {
    row: '2.7',
    what: 'a 304 or a 206 that nobody asked for',
    by: { tests: { 'origin/pool.test.ts': ['a 304 to an unconditional request', 'a 206 unasked'] } },
  },

  // §3 Keys, poisoning, deception

  // §4 What may be stored

  // §6 Purge endpoint

  // §7 Tags and index bombs

  // §8 Resource exhaustion

  // §9 Message life cycle
  {
    row: '9.5',
    what: 'Connection that nominates what must stay',
    by: { tests: { 'proxy/journey-forwarding.test.ts': ['a Connection that nominates what must stay is refused, from either side'] } },
  },

  // §10 Origin failure

  // §11 Cache of the wrong thing

  // §12 Redis as an attack surface
  { row: '12.1', what: 'Redis', by: { absent: 'nodes do not share anything over Redis yet' } },

  // §13 Advisory ledger
];
