// PURGE on the client listener: off without `purge.token` (405, not forwarded, no effect), else authorised, admitted, and through the one door.
import { answerOf, answerRefused, answerUnauthorised, authorise, parsePurgeMethod } from '../purge/endpoint.ts';
import type { Answer } from '../purge/problem.ts';
import type { Exchange } from './exchange.ts';
import { respondError, respondOwn } from './respond.ts';

/** Answers a PURGE request. */
export async function answerPurge(x: Exchange): Promise<void> {
  const { token } = x.settings.config.purge;
  if (token === undefined) return respondError(x, 405, 'purge-disabled', { hit: false }, ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']);
  const authorisation = authorise(x.request.fields, token);
  if (authorisation !== 'ok') return send(x, answerUnauthorised(authorisation));

  const parsed = parsePurgeMethod({ target: x.request.target, fields: x.request.fields, actor: x.request.peerAddress });
  if (parsed.kind === 'problem') return send(x, parsed.answer);
  const admission = x.settings.purgeRate.admit(parsed.order, x.now);
  if (admission.kind === 'refused') return send(x, answerRefused(admission));
  send(x, answerOf(await x.parts.purger.purge(parsed.order)));
}

function send(x: Exchange, answer: Answer): void {
  respondOwn(x, answer, 'purge');
}
