// Which reason an exchange's failure has: undici's and Node's error codes in our words.
import { errors } from 'undici';
import { OriginError } from '../errors.ts';
import { RequestBodyError } from './exchange.ts';

type Reason = OriginError['reason'];

/** How far an exchange had come: whether bytes of the request may have reached the origin, and whether it had given a head. */
export interface Progress {
  readonly requestSent: boolean;
  readonly headSeen: boolean;
}

/** What undici reported, as an OriginError. */
export function originFailure(cause: unknown, progress: Progress): OriginError {
  if (cause instanceof OriginError) return cause;
  const message = cause instanceof Error ? describe(cause) : String(cause);
  return new OriginError(failureReason(cause, progress), message, { requestSent: progress.requestSent, cause });
}

function failureReason(cause: unknown, { requestSent, headSeen }: Progress): Reason {
  if (cause instanceof RequestBodyError) return 'client-gone';
  if (cause instanceof errors.HTTPParserError) return cause.message.includes('EOF') ? 'origin-reset' : 'origin-malformed';
  // Any parser error in a message that declares a length comes as a mismatch; after the head it means a cut.
  if (cause instanceof errors.ResponseContentLengthMismatchError) return headSeen ? 'origin-reset' : 'origin-malformed';
  const code = errorCode(cause);
  if (code === 'UND_ERR_SOCKET') return socketReason(cause, requestSent);
  const known = REASON_BY_CODE.get(code);
  if (known !== undefined) return known;
  if (code === '') return 'internal';
  return requestSent ? 'origin-reset' : 'origin-unreachable';
}

/** undici has one code for what an origin sent out of turn and for a connection that closed. */
function socketReason(cause: unknown, requestSent: boolean): Reason {
  const message = cause instanceof Error ? cause.message : '';
  if (message === 'bad upgrade' || message === 'bad response') return 'origin-malformed';
  return requestSent ? 'origin-reset' : 'origin-unreachable';
}

const REASON_BY_CODE: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['UND_ERR_CONNECT_TIMEOUT', 'origin-connect-timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', 'origin-headers-timeout'],
  ['UND_ERR_BODY_TIMEOUT', 'origin-body-timeout'],
  ['UND_ERR_HEADERS_OVERFLOW', 'origin-malformed'],
  ['ERR_ASSERTION', 'origin-malformed'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'client-gone'],
  ['UND_ERR_INVALID_ARG', 'bad-request'],
  ['UND_ERR_NOT_SUPPORTED', 'bad-request'],
  ['UND_ERR_CLOSED', 'draining'],
  ['UND_ERR_DESTROYED', 'draining'],
]);

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

/** An AggregateError (every address refused) has no message of its own. */
function describe(error: Error): string {
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name;
}
