// Operators' purges on their way to the door: parsed, admitted, purged, answered. The same for the client listener and the admin one.
import type { Clock } from '../clock.ts';
import type { Fields } from '../http/fields.ts';
import type { Target } from '../http/target.ts';
import { answerOf, answerRefused, type ParsedPurge, parsePurgeBody, parsePurgeMethod } from './endpoint.ts';
import type { Answer } from './problem.ts';
import type { Purger } from './purge.ts';
import type { PurgeRate } from './rate.ts';

export interface PurgeGateParts {
  readonly purger: Purger;
  readonly clock: Clock;
  /** Read at every purge, so that a reload counts at once. */
  rate(): PurgeRate;
  /** Every attempt that was refused leaves a line (SECURITY §6). */
  refused(detail: { readonly actor: string; readonly status: number }): void;
}

/** Whoever calls it has checked the token. */
export class PurgeGate {
  readonly #parts: PurgeGateParts;

  constructor(parts: PurgeGateParts) {
    this.#parts = parts;
  }

  /** A `PURGE` request. */
  method(request: { readonly target: Target; readonly fields: Fields; readonly actor: string }): Promise<Answer> {
    return this.#pass(parsePurgeMethod(request), request.actor);
  }

  /** The body of `POST /v1/purge`. */
  body(text: string, from: { readonly actor: string }): Promise<Answer> {
    return this.#pass(parsePurgeBody(text, from), from.actor);
  }

  async #pass(parsed: ParsedPurge, actor: string): Promise<Answer> {
    if (parsed.kind === 'problem') return this.#refuse(parsed.answer, actor);
    const admission = this.#parts.rate().admit(parsed.order, this.#parts.clock.now());
    if (admission.kind === 'refused') return this.#refuse(answerRefused(admission), actor);
    return answerOf(await this.#parts.purger.purge(parsed.order));
  }

  #refuse(answer: Answer, actor: string): Answer {
    this.#parts.refused({ actor, status: answer.status });
    return answer;
  }
}
