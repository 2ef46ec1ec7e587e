// An answer without what is of its process or of its moment: no two have that in common.
import type { WireAnswer } from './answers.ts';

/** The time of the world, which does not stand still; the origin's own date is no such. */
const NOW = /^(date: )(?!Thu, 01 Jan 2026 00:00:00 GMT).*$/im;
/** In debug fields: hashed with a key of the process. */
const SCOPE_ID = /c\.[\w-]{27}/g;
/** In debug fields: writes that are pipelined count it up when they are answered. */
const EPOCH = /(?:arrived|now)=\d+/g;
/** What names a purge and how long it took; and with that the length differs. */
const RECEIPT = /"id":"[^"]*"|,"waited_ms":[\d.]*/g;
const LENGTH = /^content-length: \d+\r\n/im;

export function timeless({ head, body, isWhole }: WireAnswer): WireAnswer {
  const told = head.replace(NOW, '$1now').replaceAll(SCOPE_ID, 'c.id').replaceAll(EPOCH, '');
  if (!body.includes('"waited_ms"')) return { head: told, body, isWhole };
  return { head: told.replace(LENGTH, ''), body: body.replaceAll(RECEIPT, ''), isWhole };
}
