// What Redis answers about streams, as text.
import { listOf, type Reply } from '../cluster/logged-purge.ts';
import type { StreamEntry } from './stream-entry.ts';

/** Those that are still there. */
export function entriesOf(found: Reply | undefined): readonly StreamEntry[] {
  return listOf(found).flatMap((entry) => {
    const [id, fields] = listOf(entry);
    return fields === null || fields === undefined ? [] : [{ id: utf8(id), fields: listOf(fields).map(utf8) }];
  });
}

/** Empty for what is no text and no number. */
export function utf8(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : typeof reply === 'number' ? String(reply) : '';
}
