// When does an answer of the origin say nothing of an entry?

/** `scope`: the kind of the entry's. */
export interface Answered {
  readonly status: number;
  readonly stored: number;
  readonly scope: string;
}

/**
 * The origin is in trouble, or has had enough of questions, or refuses a credential that is not what the entry is kept by: it is everybody's, or that of claims that others have too: that says nothing of the
 * entry. Where the entry is of that credential alone, a refusal does: who could read it may no longer.
 */
export function saysNothing({ status, stored, scope }: Answered): boolean {
  if (status === stored) return false;
  return status >= 500 || NO_ANSWERS.has(status) || (scope !== 'credential' && REFUSALS.has(status));
}

const NO_ANSWERS: ReadonlySet<number> = new Set([304, 408, 429]);
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 407]);
