// What very many stored responses have alike: one object for all of them.
import { ownText } from '../http/own-text.ts';
import type { StoredResponse } from './stored-response.ts';

export type Terms = Pick<
  StoredResponse,
  | 'status'
  | 'statusText'
  | 'part'
  | 'staleWhileRevalidateMs'
  | 'staleIfErrorMs'
  | 'keepMs'
  | 'alwaysValidate'
  | 'neverStale'
  | 'axes'
  | 'axisValues'
  | 'language'
  | 'scopeId'
>;

/** So many are known; then all are forgotten, and last as long as what was stored with them. */
const MOST_KNOWN = 1_000;
let known = new Map<string, Terms>();

/** Those of `response`; the very same for another that has the same. */
export function termsOf(response: StoredResponse): Terms {
  const name = nameOf(response);
  const same = known.get(name);
  if (same !== undefined) return same;
  const terms = ownTerms(response);
  if (known.size >= MOST_KNOWN) known = new Map();
  known.set(name, terms);
  return terms;
}

/** Injective: no text in it holds a line break, and of axes and their values there are as many. */
function nameOf(response: StoredResponse): string {
  const { status, statusText, part, axes, axisValues, language, scopeId } = response;
  const { staleWhileRevalidateMs, staleIfErrorMs, keepMs, alwaysValidate, neverStale } = response;
  const whole = `${status} ${statusText}\n${scopeId}\n${staleWhileRevalidateMs} ${staleIfErrorMs} ${keepMs} ${alwaysValidate} ${neverStale}\n${language === undefined ? '' : `=${language}`}`;
  const varying = axes.length === 0 ? whole : `${whole}\n${axes.join('\n')}\n${axisValues.join('\n')}`;
  return part === undefined ? varying : `${varying}\n${part.first} ${part.last} ${part.completeBytes}`;
}

function ownTerms(response: StoredResponse): Terms {
  const { status, statusText, part, axes, axisValues, language, scopeId } = response;
  const { staleWhileRevalidateMs, staleIfErrorMs, keepMs, alwaysValidate, neverStale } = response;
  return {
    status,
    statusText,
    ...(part === undefined ? {} : { part }),
    staleWhileRevalidateMs,
    staleIfErrorMs,
    keepMs,
    alwaysValidate,
    neverStale,
    axes,
    // Of the head of a request, all of which they would keep alive.
    axisValues: axisValues.map(ownText),
    ...(language === undefined ? {} : { language }),
    scopeId,
  };
}
