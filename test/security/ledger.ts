// SECURITY §1 to §13, a row here for each row there: what it is about and which tests ask for it, or why nothing does. ledger.test.ts sees that they are there.

/** Files under `test/`, and in each the titles of tests or the names of rows, as they are written there. */
export type NamedTests = Readonly<Record<string, readonly string[]>>;

export interface LedgerRow {
  /** Section and place in it: `1.13` is row 13 of the table, `9.2` the second item of the list. */
  readonly row: string;
  readonly what: string;
  /** `absent`: what the row is about does not exist in Freshet. */
  readonly by: { readonly tests: NamedTests } | { readonly absent: string };
}

export const LEDGER: readonly LedgerRow[] = [
  // §1 Request framing and desync
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
