// The outbox in PostgreSQL as Freshet reads it: the statements, and what a row holds. `outbox-sql.ts` prints the table.
import { MAX_EVENT_BYTES } from './event.ts';
import { quotedIdentifier } from './postgres-names.ts';

export interface OutboxName {
  readonly schema: string;
  readonly table: string;
}

/** A row as it is read: an event, or `tags` to be purged. What is too large for an event is not read, only measured. */
export interface OutboxRow {
  readonly id: string;
  /** Epoch µs, when it was inserted; null where that is no time that anything happened at. */
  readonly at: string | null;
  readonly bytes: number;
  readonly tags: readonly (string | null)[] | null;
  readonly type: string | null;
  readonly subject: string | null;
  /** JSON text. */
  readonly data: string | null;
}

/** A row that was set aside. */
export interface FailedRow extends OutboxRow {
  readonly failure: string | null;
  /** Epoch ms. */
  readonly failedAt: number;
}

export interface OutboxBacklog {
  /** At most COUNTED. */
  readonly waiting: number;
  readonly oldestMs: number | null;
  /** At most COUNTED. */
  readonly failed: number;
}

/** Counting a million rows every few seconds would be the larger trouble. */
export const COUNTED = 100_000;

/** Whoever writes a row may write infinity, or a year that no number here has. */
const DATED = "created_at BETWEEN '1970-01-01' AND '9999-12-31'";

export interface OutboxStatements {
  /** The rows that wait, but for those with the ids $1 and the keys $2, which are being purged; at most $3. No row is passed over for having a smaller number than one that was read before: numbers are given before commits. */
  readonly read: string;
  /** $1: ids, $2: keys. */
  readonly remove: string;
  /** $1: ids, $2: keys, $3: why each failed. */
  readonly setAside: string;
  /** Of those that were set aside the newest $1, or the oldest. */
  readonly newestFailed: string;
  readonly oldestFailed: string;
  /** The one with the id $1. */
  readonly failedOne: string;
  readonly backlog: string;
}

export function outboxStatements({ schema, table }: OutboxName): OutboxStatements {
  const name = `${quotedIdentifier(schema)}.${quotedIdentifier(table)}`;
  const sizes = ['data::text', 'array_to_string(tags, chr(44), chr(42))', 'type', 'subject'].map((text) => `coalesce(octet_length(${text}), 0)`);
  const size = `(${sizes.join(' + ')})`;
  const fits = `${size} <= ${MAX_EVENT_BYTES}`;
  // `id` by itself would be the text in the list, and 10 before 9.
  const at = `CASE WHEN ${DATED} THEN (extract(epoch FROM created_at) * 1000000)::bigint END::text`;
  // As keyOf of outbox-row.ts makes it.
  const key = `(outbox.id::text || '@' || coalesce(${at}, 'infinity'))`;
  const isOneOf = `outbox.id = ANY ($1::bigint[]) AND ${key} = ANY ($2::text[])`;
  const columns = [
    'outbox.id::text AS id',
    `${at} AS at`,
    `${size} AS bytes`,
    `CASE WHEN ${fits} THEN tags END AS tags`,
    `CASE WHEN ${fits} THEN type END AS type`,
    `CASE WHEN ${fits} THEN subject END AS subject`,
    `CASE WHEN ${fits} THEN data::text END AS data`,
  ].join(', ');
  const isWaiting = 'failed_at IS NULL';
  const counted = (condition: string): string => `(SELECT count(*)::int FROM (SELECT FROM ${name} WHERE ${condition} LIMIT ${COUNTED}) AS counted)`;
  const failed = `SELECT ${columns}, failure, (extract(epoch FROM failed_at) * 1000)::float8 AS "failedAt" FROM ${name} AS outbox WHERE failed_at IS NOT NULL`;
  return {
    read: `SELECT ${columns} FROM ${name} AS outbox WHERE ${isWaiting} AND NOT (${isOneOf}) ORDER BY outbox.id LIMIT $3`,
    remove: `DELETE FROM ${name} AS outbox WHERE ${isOneOf}`,
    setAside: `UPDATE ${name} AS outbox SET failed_at = statement_timestamp(), failure = given.failure FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given (id, key, failure) WHERE outbox.id = given.id AND ${key} = given.key`,
    newestFailed: `${failed} ORDER BY outbox.failed_at DESC, outbox.id DESC LIMIT $1`,
    oldestFailed: `${failed} ORDER BY outbox.failed_at, outbox.id LIMIT $1`,
    failedOne: `${failed} AND outbox.id = $1`,
    backlog: `SELECT ${counted(isWaiting)} AS waiting, (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 * 1000 FROM ${name} AS outbox WHERE ${isWaiting} AND ${DATED} ORDER BY outbox.id LIMIT 1) AS "oldestMs", ${counted('failed_at IS NOT NULL')} AS failed`,
  };
}
