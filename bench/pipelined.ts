// A connection that sends many requests without waiting for each answer: the cheapest way to ask for a million URLs. Counts answers by their heads.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const PROGRESS_EVERY = 50_000;
const HEAD_START = Buffer.from('HTTP/1.1 ');

export class PipelinedConnection {
  readonly #socket: Socket;
  #awaited = 0;
  #done: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #tail: Buffer = Buffer.alloc(0);
  #refused = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#count(chunk));
    socket.on('error', (error) => this.#done?.reject(error));
    socket.on('close', () => this.#done?.reject(new Error('the server closed the connection')));
  }

  static async open(url: string): Promise<PipelinedConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new PipelinedConnection(socket);
  }

  /** Sends the heads in one write and resolves when as many answers have begun. One call at a time. */
  send(heads: readonly string[]): Promise<void> {
    this.#awaited = heads.length;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#done = { resolve, reject };
    this.#socket.write(heads.join(''), 'latin1');
    return promise;
  }

  /** Answers that were not 200 so far. */
  get refused(): number {
    return this.#refused;
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  /** Looks for heads; one may lie across two chunks. Needs bodies that contain no head. */
  #count(chunk: Buffer): void {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(HEAD_START, from);
      if (at < 0 || at + HEAD_START.length + 3 > bytes.length) {
        this.#tail = Buffer.from(bytes.subarray(at < 0 ? Math.max(from, bytes.length - HEAD_START.length + 1) : at));
        return;
      }
      from = at + HEAD_START.length + 3;
      if (bytes.toString('latin1', from - 3, from) !== '200') this.#refused++;
      if (--this.#awaited === 0) this.#done?.resolve();
    }
  }
}

/** Asks for `count` URLs once each, over a few connections; `path(n)` names them. Calls `progress` now and then. */
export async function askForMany(input: {
  readonly url: string;
  readonly count: number;
  readonly path: (n: number) => string;
  readonly progress: (done: number) => void;
}): Promise<void> {
  const batch = 50;
  const { host } = new URL(input.url);
  let next = 0;
  const work = async (): Promise<void> => {
    const connection = await PipelinedConnection.open(input.url);
    while (next < input.count) {
      const first = next;
      const end = Math.min(input.count, first + batch);
      next = end;
      await connection.send(Array.from({ length: end - first }, (_, index) => `GET ${input.path(first + index)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
      if (Math.floor(first / PROGRESS_EVERY) !== Math.floor(end / PROGRESS_EVERY)) input.progress(end);
    }
    connection.close();
    if (connection.refused > 0) throw new Error(`${connection.refused} of the requests were not answered 200`);
  };
  await Promise.all([work(), work(), work(), work()]);
}
