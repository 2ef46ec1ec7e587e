// Ways to break the walls between scopes, keys and variants: SECURITY §14, release bars 4 and 5.
import type { Mutant } from './mutant.ts';

const SCOPES = 'test/proxy/scope-check.test.ts';
const FLIGHTS = 'test/purge/race-flights.test.ts';
const VALIDATION = 'test/purge/race-validation.test.ts';
const HUNT = 'test/leak-hunt/leak-hunt.test.ts';

export const WALL_MUTANTS: readonly Mutant[] = [
  {
    name: 'the scope is missing from the collapse key',
    file: 'src/proxy/collapse.ts',
    text: 'const key = identifiedKey(x);\n    return axes',
    replacement: 'const key = x.target.authority + x.target.path + x.target.query;\n    return axes',
    caughtBy: [FLIGHTS, HUNT],
  },
  {
    name: 'the scope is missing from the key that a 304 is merged under',
    file: 'src/rules/key.ts',
    text: '`${scopeId.length}:${scopeId} ${target.scheme}',
    replacement: '`${target.scheme}',
    caughtBy: [VALIDATION, FLIGHTS, HUNT],
  },
  {
    name: 'the query is missing from the key',
    file: 'src/rules/key.ts',
    text: '${target.path}${target.query}${named}`;',
    replacement: '${target.path}${named}`;',
    caughtBy: [HUNT],
  },
  {
    name: 'the key holds the query as it came, not as it is forwarded',
    file: 'src/proxy/exchange.ts',
    text: 'this.target = keyedTarget(request.target, this.route.query);',
    replacement: 'this.target = request.target;',
    caughtBy: [HUNT],
  },
  {
    name: 'Vary is ignored at lookup',
    file: 'src/rules/variant.ts',
    text: 'if (stored.axes.length !== axes.length) return false;',
    replacement: 'if (stored.axes.length >= 0) return true;',
    caughtBy: [HUNT],
  },
  {
    name: 'Vary is ignored by followers',
    file: 'src/proxy/collapse.ts',
    text: 'return mine.every((value, i) => value === theirs[i]);',
    replacement: 'return mine.length === theirs.length;',
    caughtBy: [HUNT],
  },
  {
    name: 'fills share their chunks',
    file: 'src/proxy/fill.ts',
    text: '  #chunks: Buffer[] = [];',
    replacement: '  #chunks: Buffer[] = ((globalThis as { chunks?: Buffer[] }).chunks ??= []);',
    caughtBy: [HUNT],
  },
  {
    name: 'a reader that joins a relay begins where the others are',
    file: 'src/proxy/fill.ts',
    text: '      position: this.#dropped,',
    replacement: '      position: this.#dropped + Math.max(0, this.#chunks.length - 1),',
    caughtBy: [HUNT],
  },
  {
    name: 'a response with Set-Cookie is stored',
    file: 'src/rules/storability.ts',
    text: "return setsCookie && !policy.storeSetCookie ? 'set-cookie' : undefined;",
    replacement: "return setsCookie && policy.storeSetCookie ? 'set-cookie' : undefined;",
    caughtBy: [HUNT],
  },
  {
    name: 'an answer to an authorized request is stored for everybody',
    file: 'src/rules/storability.ts',
    text: "if (hasField(request.fields, 'authorization') && !authorizes) return 'authorization';",
    replacement: '',
    caughtBy: [HUNT],
  },
  {
    name: 'Authentication-Info goes to those who collapsed',
    file: 'src/proxy/forward.ts',
    text: 'collapsed ? { ...head, fields: withoutFields(head.fields, OF_ONE_EXCHANGE) } : head',
    replacement: 'collapsed ? { ...head, fields: withoutFields(head.fields, OF_ONE_EXCHANGE), ...head } : head',
    caughtBy: [HUNT, 'test/proxy/journey-hunted.test.ts'],
  },
  {
    name: 'a quote that one line of Cache-Control leaves open hides the next',
    file: 'src/http/cache-control.ts',
    text: 'for (const member of lines.flatMap(listMembers)) {',
    replacement: "for (const member of listMembers(lines.join(', '))) {",
    caughtBy: ['test/fuzz/cache-control.test.ts', 'test/http/cache-control.test.ts'],
  },
  {
    name: 'an entry of another scope that is found is used',
    file: 'src/proxy/lookup.ts',
    text: "!isOfScope(x, candidate.scopeId, 'lookup') || ",
    replacement: '',
    caughtBy: [SCOPES],
  },
  {
    name: 'an entry of another scope that comes to be stored is stored',
    file: 'src/proxy/commit.ts',
    text: "if (!isOfScope(x, entry.scopeId, 'commit')) return { kind: 'refused', reason: 'scope-mismatch' };",
    replacement: '',
    caughtBy: [SCOPES],
  },
  {
    name: 'an entry takes the scope that its request has by then',
    file: 'src/proxy/commit.ts',
    text: 'scopeId: judgement.scopeId,',
    replacement: 'scopeId: x.scope.id,',
    caughtBy: [SCOPES],
  },
  {
    name: 'a follower of another scope shares an answer',
    file: 'src/proxy/taking.ts',
    text: "isOfScope(x, flight.scopeId, 'sharing') ? followerTaking(x, flight, landing) : { kind: 'alone' };",
    replacement: 'followerTaking(x, flight, landing);',
    caughtBy: [SCOPES],
  },
  {
    name: 'the origin is missing from the key',
    file: 'src/proxy/exchange.ts',
    text: ', this.#specialOrigin)',
    replacement: ')',
    caughtBy: ['test/proxy/journey-origins.test.ts'],
  },
  {
    name: 'what may be stored may change without emptying the cache',
    file: 'src/config/keying.ts',
    text: ', cookies, permits: permitsOf(policy) }',
    replacement: ", cookiesStripped: cookies === 'strip' }",
    caughtBy: ['test/proxy/journey-purge-holes.test.ts'],
  },
  {
    name: 'a response may vary on what the way to the origin adds',
    file: 'src/rules/storability.ts',
    text: 'if (isUnkeyed(name)) return false;',
    replacement: '',
    caughtBy: ['test/rules/storability.test.ts'],
  },
];
