// How a purge is refused: problem details (RFC 9457), never cached.
import type { Fields } from '../http/fields.ts';
import { escaped } from './purge-log.ts';

/** A whole answer, for whoever holds the socket. */
export interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  /** Of a refusal: what the log says of it. */
  readonly refusal?: { readonly title: string; readonly detail: string };
}

/** Each kind of refusal: the last word of its `type`, its status and its title. */
const PROBLEMS = {
  malformed: { status: 400, title: 'The purge is malformed' },
  'no-selector': { status: 400, title: 'The purge names nothing' },
  'token-missing': { status: 401, title: 'A token is needed to purge' },
  'token-wrong': { status: 401, title: 'The token is not valid' },
  'too-large': { status: 413, title: 'The purge is over the limits' },
  'too-many': { status: 429, title: 'Too many purges' },
  rejected: { status: 503, title: 'Nothing was purged' },
  unknown: { status: 503, title: 'The purge is not confirmed' },
  'out-of-holds': { status: 429, title: 'No room for more settle windows or versions' },
} as const;

export type ProblemKind = keyof typeof PROBLEMS;

export function problem(kind: ProblemKind, detail: string, fields: Fields = []): Answer {
  return problemAnswer({ kind, ...PROBLEMS[kind], detail }, fields);
}

/** Where the promise could not be given: whoever asked may ask again, whatever happened (PURGE-PROTOCOL §4.8). */
export function unconfirmed(state: 'unknown' | 'rejected', detail: string): Answer {
  return problemAnswer({ kind: state, ...PROBLEMS[state], detail, state, retry: 'safe' }, ['retry-after', '1']);
}

export interface ProblemText {
  /** The last word of the `type`. */
  readonly kind: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Members of its own (RFC 9457 §3.2). */
  readonly state?: string;
  readonly retry?: 'safe';
  /** Of each event that a request carried. */
  readonly results?: readonly unknown[];
}

/** `fields` besides those that every problem has. */
export function problemAnswer({ kind, status, title, detail, ...members }: ProblemText, fields: Fields): Answer {
  return {
    status,
    fields: ['content-type', 'application/problem+json', 'cache-control', 'no-store', ...fields],
    body: JSON.stringify({ type: `urn:problem-type:freshet:${kind}`, title, status, detail, ...members }),
    refusal: { title, detail },
  };
}

const LOGGED_LENGTH = 500;

/** For the line in the log that every refusal leaves; a detail may repeat what its sender wrote. */
export function loggedRefusal({ status, refusal }: Answer): { readonly status: number; readonly title: string; readonly detail: string } {
  return { status, title: refusal?.title ?? '', detail: escaped(refusal?.detail ?? '', LOGGED_LENGTH) };
}
