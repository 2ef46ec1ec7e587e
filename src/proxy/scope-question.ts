// One question to an origin of which only the head counts: asked, answered to its end, and its body dropped.
import type { OriginError } from '../errors.ts';
import type { ResponseHead } from '../http/message.ts';
import type { BodyEnd, OriginCall, OriginHandler, OriginRequest } from '../origin/exchange.ts';
import type { Exchange } from './exchange.ts';
import { fetchFromOrigin } from './fetch.ts';

export type Asked =
  | { readonly kind: 'answered'; readonly head: ResponseHead; readonly sentAt: number; readonly receivedAt: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Of a body that says nothing. */
const MAX_BODY_BYTES = 64 * 1024;

/** Asks the origin of `x`'s route. Never rejects. */
export function askOrigin(x: Exchange, request: OriginRequest): Promise<Asked> {
  const question = new Question(x.now);
  question.call = fetchFromOrigin(x, request, question);
  return question.asked;
}

class Question implements OriginHandler {
  call: OriginCall | undefined;
  readonly #asked = Promise.withResolvers<Asked>();
  #sentAt: number;
  #bytes = 0;
  #answered: Asked | undefined;

  constructor(now: number) {
    this.#sentAt = now;
  }

  get asked(): Promise<Asked> {
    return this.#asked.promise;
  }

  sent(at: number): void {
    this.#sentAt = at;
  }

  informational(): void {}

  head(head: ResponseHead, at: number): void {
    this.#answered = { kind: 'answered', head, sentAt: this.#sentAt, receivedAt: at };
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) {
      this.call?.abort();
      this.#asked.resolve({ kind: 'failed', why: `the body of the answer is longer than ${MAX_BODY_BYTES} bytes` });
    }
    return true;
  }

  end(how: BodyEnd): void {
    if (how === 'overrun') this.#asked.resolve({ kind: 'failed', why: 'the origin sent more than its answer' });
    this.#asked.resolve(this.#answered ?? { kind: 'failed', why: 'the answer has no head' });
  }

  failed(error: OriginError): void {
    this.#asked.resolve({ kind: 'failed', why: `${error.reason}: ${error.message}` });
  }
}
