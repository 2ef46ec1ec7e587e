// One read: what is asked for, and what is written down of its answer.
import type { Fields } from '../../src/http/fields.ts';
import type { Answer } from '../support/client.ts';
import type { Connection } from './connection.ts';
import { bodyOf, parseEntityTag, type Stated } from './page.ts';
import type { Instants, Read, ReadKind } from './record.ts';
import type { Page } from './world.ts';

export const TOKEN = 'token';

const RANGE_LAST = 9;

export interface Asking {
  readonly page: Page;
  readonly kind: ReadKind;
  /** Whose credential is presented where the page has scopes. */
  readonly scope: string;
  readonly language: string;
  /** Entity-tags by page, scope and variant, of those that ask again. */
  readonly seen?: Map<string, string>;
  readonly isLast?: boolean;
}

export async function read(connection: Connection, asking: Asking, instants: Instants): Promise<Read> {
  const { page, kind, seen, isLast = false } = asking;
  const asked = { path: page.path, scope: page.scoped ? asking.scope : 'public', variant: page.varies ? asking.language : 'any' };
  const key = Object.values(asked).join(' ');
  const sentAt = instants.next();
  const answer = await connection.ask(kind === 'head' ? 'HEAD' : 'GET', page.path, fieldsOf(asking, seen?.get(key)));
  const endedAt = instants.next();
  const entityTag = answer?.field('etag');
  const stated = answer?.complete === true && entityTag !== undefined ? parseEntityTag(entityTag) : undefined;
  if (stated !== undefined && entityTag !== undefined) seen?.set(key, entityTag);
  const { name: node } = connection.target;
  const worker = answer?.field('freshet-worker');
  return {
    kind,
    ...asked,
    sentAt,
    endedAt,
    status: answer?.status ?? 0,
    complete: answer?.complete ?? false,
    stated,
    intact: answer !== undefined && stated !== undefined && isIntact(kind, answer, stated),
    ...(node !== undefined && { node }),
    ...(worker !== undefined && { worker: Number(worker) }),
    hit: /^freshet; ?hit/.test(answer?.field('cache-status') ?? ''),
    committedAtEpoch: Number(/now=(\d+)/.exec(answer?.field('freshet-epoch') ?? '')?.[1] ?? Number.NaN),
    isLast,
  };
}

function fieldsOf({ page, kind, scope, language }: Asking, remembered: string | undefined): Fields {
  const fields = ['freshet-debug', TOKEN, 'accept-language', language];
  if (page.scoped) fields.push('authorization', `Bearer ${scope}`);
  if (kind === 'conditional' && remembered !== undefined) fields.push('if-none-match', remembered);
  if (kind === 'range') fields.push('range', `bytes=0-${RANGE_LAST}`);
  return fields;
}

function isIntact(kind: ReadKind, answer: Answer, stated: Stated): boolean {
  if (kind === 'head' || answer.status === 304) return answer.bytes.length === 0;
  const body = bodyOf(stated);
  return answer.body === (answer.status === 206 ? body.slice(0, RANGE_LAST + 1) : body);
}
