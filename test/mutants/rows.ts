// Ways to break what single rows of SECURITY §3, §4, §6, §7 and §11 ask for.
import type { Mutant } from './mutant.ts';

const POISONING = 'test/security/poisoning.test.ts';
const DECEPTION = 'test/security/deception.test.ts';

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
];
