// An exchange with the route's origin, end to end: what its fields say of the connection alone goes no further (RFC 9110 §7.6.1).
import { OriginError } from '../errors.ts';
import { withoutFields } from '../http/fields.ts';
import { hopByHop } from '../http/forwarding.ts';
import type { ResponseHead } from '../http/message.ts';
import type { OriginCall, OriginHandler, OriginRequest } from '../origin/exchange.ts';
import type { Parts } from './parts.ts';
import type { Route } from '../rules/routes.ts';

/** The part of an exchange that says where. */
interface Whither {
  readonly parts: Pick<Parts, 'origins'>;
  readonly route: Pick<Route, 'origin'>;
}

/** As Origins.fetch, with hop-by-hop fields removed from every head. One whose Connection nominates what must stay is no response. */
export function fetchFromOrigin(x: Whither, request: OriginRequest, handler: OriginHandler): OriginCall {
  let refused = false;
  const call: OriginCall = x.parts.origins.fetch(x.route.origin, request, {
    sent: (at) => handler.sent(at),
    informational: (head) => {
      const fields = endToEnd(head);
      if (fields !== undefined) handler.informational({ ...head, fields });
    },
    head: (head, at) => {
      const fields = endToEnd(head);
      if (fields !== undefined) return handler.head({ ...head, fields }, at);
      refused = true;
      call.abort();
      handler.failed(new OriginError('connection-nominates', 'Connection nominates a field that must stay', { requestSent: true }));
    },
    data: (chunk) => refused || handler.data(chunk),
    end: (how) => {
      if (!refused) handler.end(how);
    },
    failed: (error) => {
      if (!refused) handler.failed(error);
    },
  });
  return call;
}

function endToEnd({ status, fields }: ResponseHead): string[] | undefined {
  const hop = hopByHop(fields);
  if (hop.kind !== 'ok') return undefined;
  return status < 200 || status === 204 ? withoutFields(hop.fields, LENGTH) : hop.fields;
}

/** RFC 9110 §8.6: neither a 1xx nor a 204 has one. */
const LENGTH: ReadonlySet<string> = new Set(['content-length']);
