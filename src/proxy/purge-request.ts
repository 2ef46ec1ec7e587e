// PURGE on the client listener: off without `purge.token` (405, not forwarded, no effect), else authorised and through the gate.
import { METHODS_SERVED } from '../http/message.ts';
import { authorise } from '../purge/endpoint.ts';
import type { Exchange } from './exchange.ts';
import { respondError, respondOwn } from './respond.ts';

/** Answers a PURGE request. */
export async function answerPurge(x: Exchange): Promise<void> {
  const { token } = x.settings.config.purge;
  const { target, fields, peerAddress: actor } = x.request;
  if (token === undefined) {
    x.parts.purgeGate.disabled({ actor });
    return respondError(x, 405, 'purge-disabled', { hit: false }, ['allow', METHODS_SERVED]);
  }
  const authorisation = authorise(fields, token);
  if (authorisation !== 'ok') return respondOwn(x, x.parts.purgeGate.unauthorised(authorisation, { actor }), 'purge');
  respondOwn(x, await x.parts.purgeGate.method({ target, fields, actor }), 'purge');
}
