// One connection to an origin, cured of a fault: undici's Pool takes a request that its Client refuses up front for "busy" and waits
// for a drain that never comes, so that every refusal costs a connection slot for ever (LIBRARIES §6). It also knows whether its
// connection has served before, since only then may a reset be an idle close that crossed the request (RFC 9112 §9.3.1), whether it broke, since
// undici takes a reset for the end of a body that only the connection ends, and whether more came than a response, which undici keeps to itself.
import type { Socket } from 'node:net';
import { Client, errors } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';

/** A handler that the pool's clients can tell apart. */
export interface PooledHandler extends Dispatcher.DispatchHandler {
  /** undici would not take the request: nothing was sent. */
  readonly refused: boolean;
  /** The client whose connection will carry the request; called again where the request moves. */
  assigned(client: SafeClient): void;
}

/** Of the last connection. */
interface Fate {
  broke: boolean;
  socket: Socket | undefined;
}

export class SafeClient extends Client {
  readonly #fate: Fate;
  #uses = 0;

  constructor(origin: URL, options: object) {
    const fate: Fate = { broke: false, socket: undefined };
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

  /** Whether its connection was given up for bytes that belong to no response. Those that came with the end of one are known when it was read. */
  get overran(): boolean {
    const cause = this.#fate.socket?.errored;
    return cause instanceof errors.HTTPParserError || (cause instanceof errors.SocketError && cause.message === 'bad response');
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
function noting(connect: buildConnector.connector, fate: Fate): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      fate.broke = false;
      fate.socket = result[1] ?? undefined;
      result[1]?.on('error', () => {
        fate.broke = true;
      });
      callback(...result);
    });
}
