// Operators' purges on their way to the door: parsed, admitted, purged, answered. The same for the client listener and the admin one.
import type { Clock } from '../clock.ts';
import { answerOf, answerRefused, answerUnauthorised, type ParsedPurge, parsePurgeBody, parsePurgeMethod, type PurgeNames } from './endpoint.ts';
import { type Answer, loggedRefusal } from './problem.ts';
import type { PurgeRequest } from './purge-method.ts';
import type { Purger } from './purge.ts';
import type { PurgeRate } from './rate.ts';

export interface PurgeGateParts {
  readonly purger: Purger;
  readonly clock: Clock;
  /** Read at every purge, so that a reload counts at once. */
  rate(): PurgeRate;
  /** Likewise. */
  names(): PurgeNames;
  /** Every attempt that was refused leaves a line (SECURITY §6). */
  refused(detail: { readonly actor: string } & ReturnType<typeof loggedRefusal>): void;
  /** One that came faster than `purge.rate`. */
  overRate(): void;
}

/** Whoever calls `method` or `body` has checked the token. */
export class PurgeGate {
  readonly #parts: PurgeGateParts;

  constructor(parts: PurgeGateParts) {
    this.#parts = parts;
  }

  /** A `PURGE` request. */
  method(request: PurgeRequest & { readonly actor: string }): Promise<Answer> {
    const { actor } = request;
    return this.#pass(parsePurgeMethod(request, { actor, ...this.#parts.names() }), actor);
  }

  /** The body of `POST /v1/purge`. */
  body(text: string, from: { readonly actor: string }): Promise<Answer> {
    return this.#pass(parsePurgeBody(text, { ...from, ...this.#parts.names() }), from.actor);
  }

  /** One where PURGE is not enabled: whoever answers has said so. */
  disabled(from: { readonly actor: string }): void {
    this.#parts.refused({ ...from, status: 405, title: 'PURGE is not enabled here', detail: '' });
  }

  /** A purge whose token was missing or wrong. */
  unauthorised(authorisation: 'missing' | 'wrong', from: { readonly actor: string }): Answer {
    return this.#refuse(answerUnauthorised(authorisation), from.actor);
  }

  async #pass(parsed: ParsedPurge, actor: string): Promise<Answer> {
    if (parsed.kind === 'problem') return this.#refuse(parsed.answer, actor);
    const admission = this.#parts.rate().admit(parsed.order, this.#parts.clock.now());
    if (admission.kind === 'refused') {
      this.#parts.overRate();
      return this.#refuse(answerRefused(admission), actor);
    }
    return answerOf(await this.#parts.purger.purge(parsed.order));
  }

  #refuse(answer: Answer, actor: string): Answer {
    this.#parts.refused({ actor, ...loggedRefusal(answer) });
    return answer;
  }
}
