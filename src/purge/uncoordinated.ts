// The marks for a request that could not learn what others have purged. PURGE-PROTOCOL §4.6: what is known to be purged stays so, and nothing else can be said.
import type { Verdict } from '../rules/stored-response.ts';
import type { Marks } from './authority.ts';

export function uncoordinated(marks: Marks): Marks {
  return {
    isCoordinated: false,
    get epoch() {
      return marks.epoch;
    },
    gate: (subject) => doubted(marks.gate(subject)),
    gateEntry: (entry) => doubted(marks.gateEntry(entry)),
    versionsAccepted: (stated) => marks.versionsAccepted(stated),
  };
}

function doubted(verdict: Verdict): Verdict {
  return verdict.kind === 'purged' ? verdict : { kind: 'uncoordinated' };
}
