// The second wall between scopes. The first is the key, which begins with the scope: what is found, joined or put under it is of that scope, or there is
// a bug. Then it is as if nothing had been there, and the operator hears of it (SECURITY §5).
import type { ScopeCheck } from '../observe/observer.ts';
import type { Exchange } from './exchange.ts';

/** Whether what has `scopeId` is of `x`'s scope. To be asked in the same synchronous step as what it permits. */
export function isOfScope(x: Exchange, scopeId: string, at: ScopeCheck): boolean {
  if (scopeId === x.scope.id) return true;
  x.parts.observer.scopeMismatched(at, x.route.name);
  return false;
}
