// One connection to an origin, cured of a fault: undici's Pool takes a request that its Client refuses up front for "busy" and waits
// for a drain that never comes, so that every refusal costs a connection slot for ever (LIBRARIES §6). It also knows whether its
// connection has served before, since only then may a reset be an idle close that crossed the request (RFC 9112 §9.3.1), and whether it broke:
// undici takes a reset for the end of a body that only the connection ends.
import { Client } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';

/** A handler that the pool's clients can tell apart. */
export interface PooledHandler extends Dispatcher.DispatchHandler {
  /** undici would not take the request: nothing was sent. */
  readonly refused: boolean;
  /** The client whose connection will carry the request; called again where the request moves. */
  assigned(client: SafeClient): void;
}

export class SafeClient extends Client {
  readonly #fate: { broke: boolean };
  #uses = 0;

  constructor(origin: URL, options: object) {
    const fate = { broke: false };
    // The cast: a Pool gives its clients a connector that it made, whatever it was given itself.
    const { connect } = options as { readonly connect: buildConnector.connector };
    super(origin, { ...options, connect: noting(connect, fate) });
    this.#fate = fate;
    this.on('connect', () => {
      this.#uses = 0;
    });
  }

  /** Whether the last connection ended in an error. */
  get broke(): boolean {
    return this.#fate.broke;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: PooledHandler): boolean {
    handler.assigned(this);
    return super.dispatch(options, handler) || handler.refused;
  }

  /** Counts a request on the connection; true where it is not the first. */
  use(): boolean {
    return this.#uses++ > 0;
  }
}

/** Before undici, so that it is known when undici ends the response. */
function noting(connect: buildConnector.connector, fate: { broke: boolean }): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      fate.broke = false;
      result[1]?.on('error', () => {
        fate.broke = true;
      });
      callback(...result);
    });
}
