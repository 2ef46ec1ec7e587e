// What the admin listener answers: JSON, or problem details (RFC 9457). Purges have their own problems (purge/problem.ts).
import type { Fields } from '../http/fields.ts';
import { type Answer, problemAnswer } from '../purge/problem.ts';

/** Each kind of refusal: the last word of its `type`, its status and its title. */
const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request is malformed' },
  'token-missing': { status: 401, title: 'A token is needed' },
  'token-wrong': { status: 401, title: 'The token is not valid' },
  'token-lacks-right': { status: 403, title: 'The token does not permit this' },
  'cross-origin': { status: 403, title: 'Not for browsers' },
  'not-found': { status: 404, title: 'There is no such page' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'too-large': { status: 413, title: 'The body is over the limit' },
  'wrong-host': { status: 421, title: 'Not a name of this listener' },
  unavailable: { status: 503, title: 'Not now' },
  internal: { status: 500, title: 'Internal error' },
} as const;

export function problem(kind: keyof typeof PROBLEMS, detail: string, fields: Fields = []): Answer {
  return problemAnswer({ kind, ...PROBLEMS[kind], detail }, fields);
}

export function json(value: unknown, status = 200): Answer {
  return { status, fields: ['content-type', 'application/json'], body: `${JSON.stringify(value)}\n` };
}
