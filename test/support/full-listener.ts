// A port that listens and accepts nobody: its queue is full, so a connection to it is neither taken nor refused.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A thread that listens and then never comes back to accept. */
const LISTENING = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

export class FullListener implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;
  readonly #waiting: readonly Socket[];

  static async start(): Promise<FullListener> {
    const worker = new Worker(LISTENING, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    // One more than the backlog fits in.
    const waiting = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    for (const socket of waiting) socket.on('error', () => undefined);
    await Promise.all(waiting.map((socket) => once(socket, 'connect')));
    return new FullListener(port, worker, waiting);
  }

  private constructor(port: number, worker: Worker, waiting: readonly Socket[]) {
    this.port = port;
    this.#worker = worker;
    this.#waiting = waiting;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    await this.#worker.terminate();
  }
}
