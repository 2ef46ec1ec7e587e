// A listener that notes who read each request, and holds answers back; and a client of it.
import type { LimitConfig } from '../../src/config/config.ts';
import type { Request } from '../../src/http/message.ts';
import type { Client } from '../../src/proxy/client.ts';
import { SocketClient } from '../../src/proxy/socket-client.ts';
import { head } from '../security/request-row.ts';
import { type Answer, RawClient } from '../support/client.ts';
import { echo, Listening } from './listening.ts';

export class Noting implements AsyncDisposable {
  /** Of each request: `fast`, or `node` for node:http. */
  readonly readers: string[] = [];
  /** Where answers are held: each of them. */
  readonly held: { readonly client: Client; readonly answer: () => void }[] = [];
  readonly listening: Listening;
  readonly raw: RawClient;

  static async start(given: { readonly holds?: (request: Request) => boolean; readonly limits?: Partial<LimitConfig> } = {}): Promise<Noting> {
    const listening = await Listening.start((request, client) => noting.#handle(request, client, given.holds), given.limits, { fastPath: true });
    const noting = new Noting(listening, await RawClient.connect(listening.address));
    return noting;
  }

  private constructor(listening: Listening, raw: RawClient) {
    this.listening = listening;
    this.raw = raw;
  }

  #handle(request: Request, client: Client, holds?: (request: Request) => boolean): void {
    if (request.target.path === '/ping') return client.answer(204, '', [], undefined);
    this.readers.push(client instanceof SocketClient ? 'fast' : 'node');
    if (holds?.(request) === true) this.held.push({ client, answer: () => echo(request, client) });
    else echo(request, client);
  }

  /** What was sent so far is read: everything that came before is. */
  async read(): Promise<void> {
    await using other = await RawClient.connect(this.listening.address);
    other.send(head('GET /ping HTTP/1.1', 'Host: x'));
    await other.answer();
  }

  /** The same, so many times: whatever waits for the loop has had its turn. */
  async reads(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await this.read();
  }

  /** The answers to `text`, which asks for so many. */
  async answers(text: string, count = 1): Promise<(Answer | undefined)[]> {
    this.raw.send(text);
    const answers: (Answer | undefined)[] = [];
    while (answers.length < count) answers.push(await this.raw.answer());
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]();
    await this.listening[Symbol.asyncDispose]();
  }
}

export const holdsFirst = ({ target }: Request): boolean => target.path === '/first';
/** For `holdsFirst`. */
export const FIRST = head('GET /first HTTP/1.1', 'Host: x');

/** Of those that were answered by `echo`; of others their status. */
export function paths(answers: readonly (Answer | undefined)[]): unknown[] {
  return answers.map((answer) => (answer?.status === 200 ? (JSON.parse(answer.body) as { path: string }).path : answer?.status));
}
