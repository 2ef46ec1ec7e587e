// The way between a node and Redis, or a Redis and its replica: TCP passed on, until a test delays, loses, half-closes or refuses it.
// What one side sent comes to the other in its order, or the connection is cut when the link is whole again: bytes are never missing in the middle.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Manner =
  /** Everything arrives; what comes back, this much later. */
  | { readonly kind: 'passing'; readonly delayMs: number }
  /** What is sent from now on is lost, without a word to either side; what is on its way arrives. */
  | { readonly kind: 'dropping' }
  /** Who connects is told at once that nothing more will come, and may go on sending. */
  | { readonly kind: 'half-closed' }
  /** Who connects is reset. */
  | { readonly kind: 'refusing' };

interface Pair {
  /** Who connected. */
  readonly near: Socket;
  /** Where the link leads. */
  readonly far: Socket;
  hasLost: boolean;
}

export class Link implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #to: number;
  #manner: Manner = { kind: 'passing', delayMs: 0 };
  #watches: { readonly text: string; readonly seen: () => void }[] = [];

  /** On a port of its own, to the one named. */
  static async start(to: number): Promise<Link> {
    const link = new Link(to);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#open(near));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** What comes back from where it leads. */
  delay(delayMs: number): void {
    this.#manner = { kind: 'passing', delayMs };
  }

  drop(): void {
    this.#manner = { kind: 'dropping' };
  }

  halfClose(): void {
    this.#manner = { kind: 'half-closed' };
    for (const { near } of this.#pairs) near.end();
  }

  refuse(): void {
    this.#manner = { kind: 'refusing' };
    for (const pair of this.#pairs) cut(pair);
  }

  /** Everything arrives at once again; connections that have lost something end. */
  heal(): void {
    this.#manner = { kind: 'passing', delayMs: 0 };
    for (const pair of this.#pairs) if (pair.hasLost) cut(pair);
  }

  /** Ends all connections; the next ones lead to another port. */
  leadTo(port: number): void {
    if (port === this.#to) return;
    this.#to = port;
    for (const pair of this.#pairs) cut(pair);
  }

  /** Resolves when something that contains `text` is on its way back from where the link leads. */
  brings(text: string): Promise<void> {
    return new Promise((seen) => this.#watches.push({ text, seen }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const pair of this.#pairs) cut(pair);
    await closed;
  }

  #open(near: Socket): void {
    near.on('error', () => {});
    if (this.#manner.kind === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: this.#to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = { near, far, hasLost: false };
    this.#pairs.add(pair);
    far.on('error', () => cut(pair));
    for (const socket of [near, far]) {
      socket.on('close', () => {
        this.#pairs.delete(pair);
        cut(pair);
      });
    }
    this.#carry(pair, { from: near, to: far });
    this.#carry(pair, { from: far, to: near });
    if (this.#manner.kind === 'half-closed') near.end();
  }

  /** An end takes the same way as bytes do. */
  #carry(pair: Pair, { from, to }: { readonly from: Socket; readonly to: Socket }): void {
    const queue: (() => void)[] = [];
    const pass = (arrive: () => void): void => {
      if (this.#manner.kind === 'dropping') pair.hasLost = true;
      if (pair.hasLost) return;
      const delayMs = this.#manner.kind === 'passing' && to === pair.near ? this.#manner.delayMs : 0;
      if (delayMs === 0 && queue.length === 0) return arrive();
      queue.push(arrive);
      setTimeout(() => queue.shift()?.(), delayMs);
    };
    from.on('data', (bytes: Buffer) => {
      pass(() => {
        if (to.writable) to.write(bytes);
      });
      if (from === pair.far) this.#watch(bytes.toString('latin1'));
    });
    from.on('end', () => pass(() => to.end()));
  }

  #watch(text: string): void {
    for (const watch of this.#watches) if (text.includes(watch.text)) watch.seen();
    this.#watches = this.#watches.filter((watch) => !text.includes(watch.text));
  }
}

function cut({ near, far }: Pair): void {
  near.destroy();
  far.destroy();
}
