// The classes that I/O rejects with. Rules never throw; they return a reason.
import type { Reason } from './rules/reasons.ts';

/** An exchange with an origin that gave no usable response. `reason` says which failure, `requestSent` whether bytes of the request may have reached it, `retryAfterMs` when it is worth asking again. */
export class OriginError extends Error {
  override readonly name = 'OriginError';
  readonly reason: Reason;
  readonly requestSent: boolean;
  readonly retryAfterMs: number;

  constructor(reason: Reason, message: string, detail: { requestSent: boolean; retryAfterMs?: number; cause?: unknown }) {
    super(message, { cause: detail.cause });
    this.reason = reason;
    this.requestSent = detail.requestSent;
    this.retryAfterMs = detail.retryAfterMs ?? 0;
  }
}

/** A configuration or a command line that cannot be used: exit code 2. `message` names the file, the path in it, what was found and what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure at run time that ends the command: exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
}
