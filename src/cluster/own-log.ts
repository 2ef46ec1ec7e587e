// The log of a process that shares its purges with nobody: what a node asks of it is answered in the same step. PURGE-PROTOCOL §3.3.
import type { Committed, LoggedPurge, Position } from './coordination-log.ts';
import type { Ask, CallResult } from './node-messages.ts';

export class OwnLog {
  readonly #hasRoom: (purge: LoggedPurge) => boolean;
  #seq = 0;

  constructor(hasRoom: (purge: LoggedPurge) => boolean) {
    this.#hasRoom = hasRoom;
  }

  ask(ask: Ask): CallResult {
    switch (ask.kind) {
      case 'join':
        return { kind: 'join', result: { kind: 'joined', position: this.#position, holds: [] } };
      case 'renew':
        // Whatever is in the log its one node has put there.
        return { kind: 'renew', result: { kind: 'renewed', seq: this.#seq, entries: [] } };
      case 'commit':
        return { kind: 'commit', result: this.#commit(ask.purge) };
      case 'acknowledge':
        return { kind: 'acknowledge', result: { kind: 'done' } };
      case 'standings':
        return { kind: 'standings', result: { kind: 'standings', nodes: new Map() } };
    }
  }

  get #position(): Position {
    return { incarnation: '', server: '', applied: this.#seq, nonce: '' };
  }

  #commit(purge: LoggedPurge): Committed {
    return this.#hasRoom(purge) ? { kind: 'committed', seq: ++this.#seq, nonce: '', nodes: new Map() } : { kind: 'out-of-holds' };
  }
}
