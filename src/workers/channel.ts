// Questions and answers between two threads. What is asked of one that ends is rejected, so nobody waits for it.
import { RunError } from '../errors.ts';

/** By name: what is given and what is answered. Data only, as it is copied. */
type Questions = Readonly<Record<string, { readonly given: unknown; readonly answered: unknown }>>;

export type Answers<Q extends Questions> = {
  readonly [Name in keyof Q]: (given: Q[Name]['given']) => Q[Name]['answered'] | Promise<Q[Name]['answered']>;
};

/** One end of a MessagePort, or a Worker. */
interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Message =
  | { readonly kind: 'question'; readonly id: number; readonly name: string; readonly given: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answered: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string; readonly isRunError: boolean };

/** Asks `Asked` of the other side and answers `Answered`. */
export class Channel<Asked extends Questions, Answered extends Questions> {
  readonly #port: Port;
  readonly #answers: Answers<Answered>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #ended: Error | undefined;

  constructor(port: Port, answers: Answers<Answered>) {
    this.#port = port;
    this.#answers = answers;
    // The cast: nobody else has the other end.
    port.on('message', (message) => this.#take(message as Message));
  }

  /** Rejects with what the other side threw, or when the channel ends. */
  async ask<Name extends keyof Asked & string>(name: Name, given: Asked[Name]['given']): Promise<Asked[Name]['answered']> {
    if (this.#ended !== undefined) throw this.#ended;
    const answer = Promise.withResolvers<unknown>();
    const id = ++this.#asked;
    this.#waiting.set(id, answer);
    this.#port.postMessage({ kind: 'question', id, name, given } satisfies Message);
    return answer.promise;
  }

  /** The other side is gone. */
  end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #take(message: Message): void {
    if (message.kind === 'question') return void this.#answer(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.answered);
    else waiting?.reject(message.isRunError ? new RunError(message.message) : new Error(message.message));
  }

  async #answer({ id, name, given }: Extract<Message, { kind: 'question' }>): Promise<void> {
    let answer: Message;
    try {
      answer = { kind: 'answer', id, answered: await this.#answers[name as keyof Answered](given) };
    } catch (error) {
      answer = { kind: 'failure', id, message: error instanceof Error ? error.message : String(error), isRunError: error instanceof RunError };
    }
    this.#port.postMessage(answer);
  }
}
