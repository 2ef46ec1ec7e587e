// Guards of who a client is.
import type { Guarded } from './guarded.ts';

export const IDENTITY_GUARDS: readonly Guarded[] = [
  {
    file: 'src/identity/strict-json.ts',
    test: 'test/identity/token.test.ts',
    guards: [
      'if (!isJsonObject(value) || repeatsMember(text))',
      `if (token === '{')`,
      `if (token === '[')`,
      `if (token === '}' || token === ']')`,
      'if (colon !== undefined && inside !== undefined)',
      'if (names?.has(name) === true)',
    ],
  },
  {
    file: 'src/identity/remote-keys.ts',
    test: 'test/identity/remote-keys.test.ts',
    guards: [
      'if (!this.#isYoungerThan(REFRESH_MS))',
      'if (!this.#failing || !this.#isYoungerThan(this.#options.maxAgeMs))',
      `if (found.kind !== 'unknown')`,
      'if (this.#fetched !== before)',
      'if (this.#fetched === undefined)',
      'if (this.#pending !== undefined)',
      'if (sinceMs >= 0 && sinceMs < COOLDOWN_MS)',
      'if (statusCode !== 200)',
      'if (before !== undefined && before !== text)',
      `if (present.kind !== 'unknown')`,
    ],
  },
  { file: 'src/identity/sources.ts', test: 'test/identity/sources.test.ts', guards: ['if (left === 0)'] },
  {
    file: 'src/identity/claims.ts',
    test: 'test/identity/claims.test.ts',
    guards: [
      'if (canonical === undefined)',
      'if (isScalar(value))',
      'if (!isJsonObject(value))',
      'if (value === undefined)',
      'if (value === null)',
      'if (members.length > MAX_LIST_MEMBERS)',
      'if (text === undefined)',
      `if (typeof value === 'string')`,
      `if (typeof value === 'number')`,
    ],
  },
  {
    file: 'src/identity/token.ts',
    test: 'test/identity/token.test.ts',
    guards: [
      'if (text.length > MAX_TOKEN_BYTES)',
      'if (parts.length !== 3 || !parts.every(isCanonical))',
      'if (header === undefined || claims === undefined || !isPlain(header))',
      `if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string'))`,
    ],
  },
  {
    file: 'src/identity/verifier.ts',
    test: 'test/identity/verifier.test.ts',
    guards: [
      'if (remembered !== undefined)',
      'if (pending !== undefined)',
      'if (this.#pending.size >= MAX_PENDING)',
      'if (found === undefined)',
      'if (found.since <= now && now < found.until)',
      'if (token === undefined)',
      'if (issuer === undefined || !issuer.settings.algorithms.includes(token.header.alg))',
      `if (found.kind !== 'key')`,
      `if (claims.kind === 'refused')`,
      'if (generation === this.#generation)',
      `if (typeof expires !== 'number' || !Number.isFinite(expires))`,
      `if (issued !== undefined && !(typeof issued === 'number' && issued * 1000 <= now + leewayMs))`,
      'if (error instanceof errors.JWTExpired)',
    ],
  },
  { file: 'src/identity/remote-keys.ts', test: 'test/scopes-page.test.ts', guards: ['if (fetched === undefined || !this.#isYoungerThan(maxAgeMs))'] },
];
