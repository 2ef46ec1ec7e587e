// What an operator who sends the admin token in Freshet-Debug is told about one answer. Never a credential: scopes appear by their hash.
import { hash, timingSafeEqual } from 'node:crypto';
import { fieldValue } from '../http/fields.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Exchange } from './exchange.ts';

/** The debug fields, or none where the token is missing or wrong. */
export function debugFields(x: Exchange, stored: StoredResponse | undefined): string[] {
  const token = x.settings.config.admin?.token;
  const presented = fieldValue(x.request.fields, 'freshet-debug');
  if (token === undefined || presented === undefined || !sameToken(presented, token)) return [];
  const { worker } = x.parts;
  const parts = [...new Set(x.scope.claims.map(([name]) => name))];
  const fields = ['freshet-key', latin1(x.key), 'freshet-scope', x.scope.id, 'freshet-scope-kind', [x.scope.kind, ...parts].join(' ')];
  fields.push('freshet-route', latin1(x.route.name));
  if (worker !== undefined) fields.push('freshet-worker', String(worker));
  if (stored === undefined) return [...fields, 'freshet-epoch', `arrived=${arrival(x)}, now=${x.parts.marks.epoch}`];
  return [
    ...fields,
    'freshet-tags',
    stored.tags.join(' '),
    'freshet-epoch',
    `as-of=${stored.asOf}, now=${x.parts.marks.epoch}`,
    'freshet-windows',
    `fresh=${seconds(stored.freshUntil - x.now)}, swr=${seconds(stored.staleWhileRevalidateMs)}, sie=${seconds(stored.staleIfErrorMs)}, keep=${seconds(stored.keepMs)}`,
  ];
}

function arrival({ arrivalEpoch }: Exchange): string {
  return Number.isFinite(arrivalEpoch) ? String(arrivalEpoch) : 'unknown';
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}s`;
}

function latin1(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

function sameToken(presented: string, token: string): boolean {
  return timingSafeEqual(hash('sha256', presented, 'buffer'), hash('sha256', token, 'buffer'));
}
