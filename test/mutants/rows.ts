// Ways to break what single rows of SECURITY §3, §4, §6, §7 and §11 ask for.
import type { Mutant } from './mutant.ts';

const POISONING = 'test/security/poisoning.test.ts';
const DECEPTION = 'test/security/deception.test.ts';

const STORINGS = 'test/security/storings.test.ts';
const AUDIT = 'test/security/purge-audit.test.ts';
const PATTERNS = 'test/security/patterns.test.ts';

export const ROW_MUTANTS: readonly Mutant[] = [
  {
    name: 'forward lets everything through',
    file: 'src/proxy/outbound.ts',
    text: 'if (isListed(name, forward) || describesBody(name)) kept.push',
    replacement: 'kept.push',
    caughtBy: [POISONING],
  },
  {
    name: 'a field that is not forwarded is an axis all the same',
    file: 'src/rules/storability.ts',
    text: 'if (policy.forward !== undefined && !isListed(name, policy.forward)) return false;',
    replacement: '',
    caughtBy: [POISONING, 'test/rules/storability.test.ts'],
  },
  {
    name: 'what a stranger says of the client goes on',
    file: 'src/http/forwarding.ts',
    text: 'return !context.trusted && isClaimed(name);',
    replacement: 'return false;',
    caughtBy: [POISONING],
  },
  {
    name: 'orders to answer another request go on',
    file: 'src/http/forwarding.ts',
    text: 'if (isNeverForwarded(name)) return true;',
    replacement: "if (name === 'host') return true;",
    caughtBy: [POISONING],
  },
  {
    name: 'any host is served',
    file: 'src/http/authority.ts',
    text: 'return hosts === undefined || ',
    replacement: 'return true || hosts === undefined || ',
    caughtBy: [DECEPTION, 'test/proxy/upgrade.test.ts'],
  },
  {
    name: 'an encoded slash hides a dot segment',
    file: 'src/http/target.ts',
    text: '(?:\\/|%2f|%5c|;|%3b|$)/i',
    replacement: '(?:\\/|$)/i',
    caughtBy: [DECEPTION, 'test/http/target.test.ts'],
  },
  {
    name: 'heuristics believe the name of a page',
    file: 'src/rules/storability.ts',
    text: 'return policy.heuristicFraction === 0 || !breaksPromise(target.path, head.fields);',
    replacement: 'return target.path !== head.statusText || policy.heuristicFraction === 0;',
    caughtBy: [DECEPTION],
  },
  {
    name: 'variants leave in the order in which they came, used or not',
    file: 'src/proxy/lookup.ts',
    text: 'if (variants.length > 1 && found.stored !== undefined) store.used(x.key, found.stored);',
    replacement: '',
    caughtBy: [STORINGS],
  },
  {
    name: 'the ttl of a route is for any status',
    file: 'src/rules/freshness.ts',
    text: 'return TTL_STATUSES.has(input.status) ? input.policy.ttlMs : undefined;',
    replacement: 'return TTL_STATUSES.size > 0 ? input.policy.ttlMs : undefined;',
    caughtBy: ['test/security/denials.test.ts'],
  },
  {
    name: "the client's conditions go to the origin with a fetch that may be stored",
    file: 'src/proxy/outbound.ts',
    text: 'const own = withoutFields(fields, ALL_SELECTIVE);',
    replacement: 'const own = withoutFields(fields, new Set<string>());',
    caughtBy: ['test/security/denials.test.ts', 'test/security/answers.test.ts'],
  },
  {
    name: 'a GET with a body is looked up',
    file: 'src/proxy/handle.ts',
    text: "if (body !== undefined) return { fwd: 'bypass', reason: 'request-body' };",
    replacement: '',
    caughtBy: ['test/security/methods.test.ts'],
  },
  {
    name: 'Authentication-Info is stored',
    file: 'src/proxy/commit.ts',
    text: "  'authentication-info',\n  'proxy-authenticate',",
    replacement: "  'proxy-authenticate',",
    caughtBy: [STORINGS],
  },
  {
    name: 'PURGE where it is off leaves no line',
    file: 'src/proxy/purge-request.ts',
    text: 'x.parts.purgeGate.disabled({ actor });',
    replacement: '',
    caughtBy: [AUDIT],
  },
  {
    name: 'purges that were confirmed leave no line',
    file: 'src/purge/purge-log.ts',
    text: "if (order.kind !== 'write' && end.state === 'confirmed') this",
    replacement: "if (order.kind !== 'write' && end.state === 'refused') this",
    caughtBy: [AUDIT, 'test/purge/purge-log.test.ts'],
  },
  {
    name: 'the queries of purged URLs stand in the log',
    file: 'src/purge/purge-log.ts',
    text: 'described(withoutQueries(order), this.#secret)',
    replacement: 'described(order, this.#secret)',
    caughtBy: [AUDIT, 'test/purge/purge-log.test.ts'],
  },
  {
    name: 'a response may have any number of tags',
    file: 'src/purge/surrogate-keys.ts',
    text: 'if (tags.size + groups.size > maxCount) return',
    replacement: 'if (tags.size + groups.size > maxCount * 100) return',
    caughtBy: ['test/security/tags.test.ts'],
  },
  {
    name: 'Cache-Tag is read in a time that grows with the square of its length',
    file: 'src/purge/surrogate-keys.ts',
    text: "['cache-tag', /,/],",
    replacement: "['cache-tag', /[ \\t]*,[ \\t]*/],",
    caughtBy: [PATTERNS],
  },
  {
    name: 'Surrogate-Control is read in a time that grows with the square of its length',
    file: 'src/http/targeted-control.ts',
    text: 'ends = end !== -1;\n      if (ends) i = end;',
    replacement: 'if (end !== -1) i = end;',
    caughtBy: [PATTERNS],
  },
  {
    name: 'followers take the 304 or 412 that the leader asked for',
    file: 'src/proxy/forward.ts',
    text: "return { kind: 'own', base: decision.base,",
    replacement: "return x.mode === 'shared' && decision.base === undefined ? { kind: 'client' } : { kind: 'own', base: decision.base,",
    caughtBy: ['test/security/collapses.test.ts'],
  },
];
