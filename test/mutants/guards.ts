// Guards, area by area: conditions without which something would be stored, shared, forwarded, confirmed, believed or kept without a bound. Taking any one of them
// away makes the test beside it fail (SECURITY §14, release bar 8). Each is written as it stands in its file, where it occurs once; `if (…)` becomes `if (false)`.
// guards.test.ts demands that every condition of the guarded folders is among them, or in exempt.ts.
import { ADMIN_GUARDS } from './guards/admin.ts';
import { CONFIG_GUARDS } from './guards/config.ts';
import { FAST_PATH_GUARDS } from './guards/fast-path.ts';
import { HTTP_GUARDS } from './guards/http.ts';
import { IDENTITY_GUARDS } from './guards/identity.ts';
import { OBSERVE_GUARDS } from './guards/observe.ts';
import { ORIGIN_GUARDS } from './guards/origin.ts';
import { PROXY_GUARDS } from './guards/proxy.ts';
import { PURGE_GUARDS } from './guards/purge.ts';
import { RULE_GUARDS } from './guards/rules.ts';
import { STORE_GUARDS } from './guards/store.ts';
import type { Guarded } from './guards/guarded.ts';
import type { Mutant } from './mutant.ts';

const GUARDED: readonly Guarded[] = [
  ...ADMIN_GUARDS,
  ...CONFIG_GUARDS,
  ...FAST_PATH_GUARDS,
  ...HTTP_GUARDS,
  ...IDENTITY_GUARDS,
  ...OBSERVE_GUARDS,
  ...ORIGIN_GUARDS,
  ...PROXY_GUARDS,
  ...PURGE_GUARDS,
  ...RULE_GUARDS,
  ...STORE_GUARDS,
];

export const GUARD_MUTANTS: readonly Mutant[] = GUARDED.flatMap(({ file, test, guards }) =>
  guards.map((guard) => ({ name: `${file} without: ${guard}`, file, text: guard, replacement: withoutCondition(guard), caughtBy: [test] })),
);

/** The first condition of the text, up to the parenthesis that closes it. */
function withoutCondition(guard: string): string {
  let depth = 0;
  for (let at = 'if '.length; at < guard.length; at++) {
    if (guard[at] === '(') depth++;
    if (guard[at] === ')' && --depth === 0) return `if (false)${guard.slice(at + 1)}`;
  }
  throw new Error(`the parentheses of ${guard} do not match`);
}
