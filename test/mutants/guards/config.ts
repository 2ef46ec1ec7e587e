// Guards of what a configuration may say, and what is shown of it.
import type { Guarded } from './guarded.ts';

export const CONFIG_GUARDS: readonly Guarded[] = [
  {
    file: 'src/config/mask.ts',
    test: 'test/config/show.test.ts',
    guards: [
      'if (SECRET_KEYS.has(key))',
      `if (typeof value === 'string')`,
      'if (value instanceof Map)',
      'if (value instanceof Set || Array.isArray(value))',
      `if (typeof value !== 'object' || value === null)`,
      `if (key === 'pattern' && 'source' in value)`,
    ],
  },
  {
    file: 'src/config/auth.ts',
    test: 'test/config/malformed.test.ts',
    guards: [
      'if (fault !== undefined)',
      'if (issuers.findIndex((other) => other.issuer === entry.issuer) < index)',
      'if (issuerFault(entry) !== undefined)',
      `if (typeof keys === 'string')`,
      'if (entry.secret !== undefined)',
      'if (entry.jwks_url !== undefined)',
    ],
  },
  {
    file: 'src/config/templates.ts',
    test: 'test/config/malformed.test.ts',
    guards: [
      `if (template === '' || !/^[\\x21-\\x2b\\x2d-\\x7a\\x7c\\x7e]*$/.test(literal))`,
      'if (problem !== undefined)',
      `if (name.startsWith('claim.'))`,
      `if (name.startsWith('query.'))`,
      `if (scope.kind !== 'claims')`,
      `if (rule.kind === 'as-received' || rule.kind === 'ignore')`,
    ],
  },
  {
    file: 'src/config/schema.ts',
    test: 'test/config/malformed.test.ts',
    guards: [`if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_WORKERS)`],
  },
  {
    file: 'src/config/auth-schema.ts',
    test: 'test/config/malformed.test.ts',
    guards: [
      `if (!URL.canParse(value) || !/^https?:\\/\\/[^/?#\\\\@\\s]+(?:[/?][^#\\\\\\s]*)?$/i.test(value))`,
      'if (stated.length !== 1)',
      `if (entry.jwks_url?.startsWith('http:') === true && !entry.jwks_http && !isLoopback(new URL(entry.jwks_url).hostname.replace(/^\\[|\\]$/g, '')))`,
      'if (algorithms.length === 0)',
      'if (wrong !== undefined)',
      'if (entry.secret === undefined || Buffer.byteLength(entry.secret) >= leastBytes)',
    ],
  },
  {
    file: 'src/config/interpolate.ts',
    test: 'test/config/interpolate.test.ts',
    guards: [`if (name === undefined || end === '')`, 'if (value === undefined)'],
  },
  {
    file: 'src/config/values.ts',
    test: 'test/config/malformed.test.ts',
    guards: [
      `if (!/^https?:\\/\\/[^/?#\\\\@\\s]+\\/?$/i.test(value))`,
      'if (!FIELD_NAME.test(name))',
      'if (Array.isArray(found))',
      'if (!isMap(found))',
      'if (unknown.length > 0)',
      'if (lookup === undefined)',
      `if (typeof lookup !== 'string' || !LOOKUP_PATH.test(lookup))`,
      'if (credential === undefined)',
      'if (!Array.isArray(credential) || credential.length === 0)',
      'if (source === undefined)',
      'if (found.length === 0 || found.length > MAX_CLAIMS)',
      'if (credentialSource(name) !== undefined)',
      `if (typeof name !== 'string' || !CLAIM_NAME.test(name))`,
      `if (found === 'authorization')`,
      'if (entry === undefined || others.length > 0)',
      `if (kind === 'ignore')`,
    ],
  },
  { file: 'src/config/values.ts', test: 'test/config/load.test.ts', guards: [`if (found === 'credential')`] },
];
