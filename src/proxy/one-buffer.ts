// One buffer to read into and one to write from, for all connections of a thread. For each read node:net allocates 64 KiB and gives back what was not
// needed, which costs a hit a fifth of its time; its option `onread` reads into one buffer instead, but only of sockets that are made by hand, and a
// server makes its own. A small answer is put together in the other, which is free again when the kernel has taken it: as a rule in the same step.
import { Socket } from 'node:net';

/** What node:net keeps for itself, and all that is used of it. Another version may be another inside: then there is no fast path. */
interface Inside {
  readonly _handle: { readonly useUserBuffer?: unknown } | null;
  readonly _server?: unknown;
}

const BYTES = 65_536;
const incoming = Buffer.allocUnsafeSlow(BYTES);

/**
 * The connection of `accepted`, which its server has just made and nobody has read from, as a socket that tells `read` of each piece that comes, after
 * `resume`: the first `bytes` of `buffer`, until it returns. False stops reading until the next `resume`. For its server the new socket is the old one.
 * Undefined, and nothing has changed, where node:net is not as expected.
 */
export function inOneBuffer(accepted: Socket, read: (buffer: Buffer, bytes: number) => boolean): Socket | undefined {
  const { _handle: handle, _server: server } = accepted as unknown as Inside;
  if (typeof handle?.useUserBuffer !== 'function' || typeof server !== 'object') return undefined;
  const options: object = { handle, allowHalfOpen: true, onread: { buffer: incoming, callback: (bytes: number) => read(incoming, bytes) } };
  Object.assign(accepted, { _handle: null, _server: null });
  const socket = new Socket(options);
  // Its count of open connections goes down when the socket closes.
  return Object.assign(socket, { _server: server });
}

/** Head and body up to this size leave as one piece: a copy costs less than a second piece. */
const ONE_PIECE_BYTES = 32_768;
let outgoing = Buffer.allocUnsafeSlow(ONE_PIECE_BYTES);

/** Writes `head`, which may be empty, and `body`; what is text is latin1. As `socket.write`. */
export function writeWhole(socket: Socket, head: string, body: Buffer | string): boolean {
  if (head === '') return socket.write(body, 'latin1');
  const bytes = head.length + body.length;
  if (bytes > ONE_PIECE_BYTES) {
    socket.cork();
    socket.write(head, 'latin1');
    const isBelowMark = socket.write(body, 'latin1');
    socket.uncork();
    return isBelowMark;
  }
  outgoing.write(head, 'latin1');
  if (typeof body === 'string') outgoing.write(body, head.length, 'latin1');
  else body.copy(outgoing, head.length);
  const isBelowMark = socket.write(outgoing.subarray(0, bytes));
  // Not all is taken: what waits is in this buffer, and is its last content.
  if (socket.writableLength > 0) outgoing = Buffer.allocUnsafeSlow(ONE_PIECE_BYTES);
  return isBelowMark;
}
