// How events look over HTTP: who may send them, what a request carries, and what it is answered. No sockets.
import type { Fields } from '../http/fields.ts';
import { type Answer, loggedRefusal, problemAnswer } from '../purge/problem.ts';
import { type Event, type ReadEvent } from './event.ts';
import type { Taken } from './intake.ts';
import { eventsIn } from './request-events.ts';
import { type SignatureSettings, signatureFault } from './signature.ts';

export interface EventEndpointParts {
  readonly webhook: { take(event: Event): Promise<Taken>; malformed(why: string): void };
  /** Read for each request, so that a reload counts at once; undefined: nothing need be signed. */
  readonly signed: () => SignatureSettings | undefined;
  /** Of the machine: by which signatures are dated. */
  readonly now: () => number;
  /** Every request that was refused leaves a line. */
  readonly refused: (detail: { readonly actor: string } & ReturnType<typeof loggedRefusal>) => void;
}

export interface EventRequest {
  readonly fields: Fields;
  readonly body: string;
  readonly actor: string;
}

/** Each kind of refusal: the last word of its `type`, its status and its title. */
const PROBLEMS = {
  malformed: { status: 400, title: 'There is no event in the request' },
  signature: { status: 401, title: 'The signature is not good' },
  'too-large': { status: 413, title: 'There are too many events' },
  unprocessable: { status: 422, title: 'An event cannot be taken, now or later' },
  unconfirmed: { status: 503, title: 'A purge is not confirmed' },
} as const;

export class EventEndpoint {
  readonly #parts: EventEndpointParts;

  constructor(parts: EventEndpointParts) {
    this.#parts = parts;
  }

  /** Whether a signature is what permits a request; where not, a token must have. */
  get isSigned(): boolean {
    return this.#parts.signed() !== undefined;
  }

  /** 200 when every purge is confirmed. */
  async answer(request: EventRequest): Promise<Answer> {
    const answer = await this.#answer(request);
    if (answer.refusal !== undefined) this.#parts.refused({ actor: request.actor, ...loggedRefusal(answer) });
    return answer;
  }

  async #answer(request: EventRequest): Promise<Answer> {
    const { webhook, signed, now } = this.#parts;
    const settings = signed();
    const fault = settings === undefined ? undefined : signatureFault(request, settings, now());
    if (fault !== undefined) return problem('signature', fault, { fields: ['www-authenticate', 'Webhook-Signature realm="freshet"'] });
    const read = eventsIn({ ...request, isSigned: settings !== undefined });
    if (read.kind !== 'events') {
      webhook.malformed(read.detail);
      return problem(read.kind, read.detail);
    }
    return answerOf(await Promise.all(read.events.map((one) => this.#take(one))));
  }

  async #take(read: ReadEvent): Promise<EventResult> {
    if (read.kind === 'event') return resultOf(read.event, await this.#parts.webhook.take(read.event));
    this.#parts.webhook.malformed(read.detail);
    return { result: 'malformed', detail: read.detail };
  }
}

/** What became of one event, as it is answered. */
export interface EventResult {
  readonly id?: string;
  readonly source?: string;
  readonly result: Taken['kind'] | 'malformed';
  readonly [member: string]: unknown;
}

export function resultOf({ id, source }: Pick<Event, 'id' | 'source'>, taken: Taken): EventResult {
  const said = { id, source, result: taken.kind };
  switch (taken.kind) {
    case 'purged': {
      const { receipt, by } = taken;
      const { waitedMs, ...rest } = receipt;
      return { ...said, purge: { ...rest, waited_ms: waitedMs }, rules: by };
    }
    case 'rejected':
      return { ...said, faults: taken.faults };
    case 'failed':
      return { ...said, why: taken.why };
    case 'unmatched':
    case 'duplicate':
      return said;
  }
}

/** The status says whether it is of use to send the same again: 503, yes; 422, no. What is done already is a duplicate then. */
function answerOf(results: readonly EventResult[]): Answer {
  const failed = results.filter(({ result }) => result === 'failed');
  if (failed.length > 0) {
    const detail = `${counted(failed.length, results.length)} not confirmed: their purges may have happened or not. Sending the same again is safe.`;
    return problem('unconfirmed', detail, { fields: ['retry-after', '1'], results, state: 'unknown', retry: 'safe' });
  }
  const faults = results.flatMap(detailsOf);
  if (faults.length > 0) return problem('unprocessable', faults.slice(0, 10).join(' '), { results });
  return { status: 200, fields: ['content-type', 'application/json', 'cache-control', 'no-store'], body: JSON.stringify({ results }) };
}

function counted(some: number, all: number): string {
  return all === 1 ? 'The event is' : `${some} of ${all} events are`;
}

function detailsOf({ result, detail, faults }: EventResult): readonly string[] {
  if (result === 'malformed') return [String(detail)];
  if (result !== 'rejected') return [];
  return (faults as readonly { readonly detail: string }[]).map((fault) => `${fault.detail}.`);
}

interface Members {
  readonly fields?: Fields;
  readonly results?: readonly EventResult[];
  readonly state?: string;
  readonly retry?: 'safe';
}

function problem(kind: keyof typeof PROBLEMS, detail: string, { fields = [], ...members }: Members = {}): Answer {
  return problemAnswer({ kind: `event-${kind}`, ...PROBLEMS[kind], detail, ...members }, fields);
}
