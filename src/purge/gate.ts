// Operators' purges on their way to the door: parsed, admitted, purged, answered. The same for the client listener and the admin one.
import { answerOf, answerRefused, answerUnauthorised, type ParsedPurge, parsePurgeBody, parsePurgeMethod, type PurgeNames } from './endpoint.ts';
import type { Fields } from '../http/fields.ts';
import { type Answer, loggedRefusal } from './problem.ts';
import type { PurgeOrder, PurgeOutcome } from './order.ts';
import type { PurgeRequest } from './purge-method.ts';
import type { Refused } from './rate.ts';

export interface PurgeGateParts {
  /** Through the one door, at the rate that is allowed. */
  purge(order: PurgeOrder): Promise<PurgeOutcome | Refused>;
  /** Read at every purge, so that a reload counts at once. */
  names(): PurgeNames;
  /** Every attempt that was refused leaves a line (SECURITY §6). */
  refused(detail: { readonly actor: string } & ReturnType<typeof loggedRefusal>): void;
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
  body(text: string, from: { readonly actor: string; readonly fields: Fields }): Promise<Answer> {
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
    const outcome = await this.#parts.purge(parsed.order);
    if (outcome.kind === 'refused') return this.#refuse(answerRefused(outcome), actor);
    const answer = answerOf(outcome);
    return answer.refusal === undefined ? answer : this.#refuse(answer, actor);
  }

  #refuse(answer: Answer, actor: string): Answer {
    this.#parts.refused({ actor, ...loggedRefusal(answer) });
    return answer;
  }
}
