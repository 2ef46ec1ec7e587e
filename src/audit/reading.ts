// What does the origin say now? One request whose answer is kept whole, within bounds, for nobody but the auditor.
import { type Fields, fieldValue } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import type { OriginCall, OriginHandler, OriginRequest } from '../origin/exchange.ts';
import { fetchFromOrigin } from '../proxy/fetch.ts';
import type { Content } from './content.ts';

export type Reading =
  | { readonly kind: 'answer'; readonly content: Content; readonly fields: Fields }
  /** No whole answer came. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'too-large' };

export interface Asked {
  readonly from: Parameters<typeof fetchFromOrigin>[0];
  readonly request: OriginRequest;
  readonly maxBodyBytes: number;
}

/** An origin that is slower than this is left alone. */
const LONGEST_MS = 30_000;

/** Never rejects. `signal` ends it. */
export function readOrigin({ from, request, maxBodyBytes }: Asked, signal: AbortSignal): Promise<Reading> {
  const { promise, resolve } = Promise.withResolvers<Reading>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let head: ResponseHead | undefined;
  const handler: OriginHandler = {
    sent: () => undefined,
    informational: () => undefined,
    head: (given) => {
      head = given;
    },
    data: (chunk) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) giveUp({ kind: 'too-large' });
      else chunks.push(chunk);
      return true;
    },
    end: (how) => {
      if (head === undefined || how === 'overrun') resolve({ kind: 'failed' });
      else resolve({ kind: 'answer', content: contentOf(head, Buffer.concat(chunks)), fields: head.fields });
    },
    failed: () => resolve({ kind: 'failed' }),
  };
  const call: OriginCall = fetchFromOrigin(from, request, handler);
  const giveUp = (reading: Reading): void => {
    resolve(reading);
    call.abort();
  };
  const leave = (): void => giveUp({ kind: 'failed' });
  const timer = setTimeout(leave, LONGEST_MS).unref();
  signal.addEventListener('abort', leave);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  });
}

export function contentOf({ status, fields }: { readonly status: number; readonly fields: Fields }, body: Buffer): Content {
  const pointsElsewhere = status === 201 || (status >= 300 && status < 400);
  return {
    status,
    type: fieldValue(fields, 'content-type') ?? '',
    coding: (fieldValue(fields, 'content-encoding') ?? '').toLowerCase(),
    ...(pointsElsewhere && { location: fieldValue(fields, 'location') }),
    body,
  };
}
