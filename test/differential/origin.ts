// What the origin of a differential run answers: it depends on the request alone, and tells what it was sent.
import { fieldValue } from '../../src/http/fields.ts';
import type { Reply, SeenRequest } from '../support/origin.ts';
import { type Kind, KINDS, MODIFIED } from './words.ts';

const LARGE_BYTES = 40_000;
/** `e1` and its kin are in the conditions of some requests. */
const TAG = '"e1"';

export function replyTo(request: SeenRequest): Reply {
  const body = seen(request);
  if (request.method !== 'GET' && request.method !== 'HEAD') return { body };
  const kind = KINDS.find((name) => request.path.includes(`/${name}/`));
  if (kind === undefined) return { status: request.path.startsWith('/canary') ? 200 : 404, body, fields: ['cache-control', 'no-store'] };
  return confirmed(request, kind) ? { status: 304, fields: ['etag', TAG] } : REPLIES[kind](body);
}

const REPLIES: Readonly<Record<Kind, (body: string) => Reply>> = {
  fresh: (body) => ({ fields: ['cache-control', 'max-age=60', 'content-type', 'text/plain'], body }),
  tagged: (body) => ({ fields: ['Cache-Control', 'public, max-age=60', 'ETag', TAG, 'Surrogate-Key', 'k1 k2', 'Date', MODIFIED], body }),
  dated: (body) => ({ fields: ['cache-control', 'max-age=5', 'last-modified', MODIFIED, 'etag', TAG], body }),
  checked: (body) => ({ fields: ['cache-control', 'no-cache', 'etag', TAG, 'cache-status', 'inner; hit'], body }),
  varied: (body) => ({ fields: ['cache-control', 'max-age=60', 'vary', 'Accept-Language, Cookie'], body }),
  coded: (body) => ({ fields: ['cache-control', 's-maxage=60', 'vary', 'accept-encoding', 'content-encoding', 'gzip'], body }),
  large: (body) => ({ fields: ['cache-control', 'public, max-age=60', 'etag', TAG], body: body.padEnd(LARGE_BYTES, '0123456789') }),
  chunked: (body) => ({ fields: ['cache-control', 'max-age=60'], body: body.padEnd(5_000, 'abc'), framing: 'chunked' }),
  private: (body) => ({ fields: ['cache-control', 'private, max-age=60', 'set-cookie', 'a=b', 'set-cookie', 'c=d'], body }),
  unstored: (body) => ({ fields: ['cache-control', 'no-store', 'connection', 'x-hop', 'x-hop', '1'], body, framing: 'chunked' }),
  gone: (body) => ({ status: 410, statusText: 'Long Gone', fields: ['cache-control', 'max-age=60'], body }),
  empty: () => ({ status: 204, fields: ['cache-control', 'max-age=60', 'x-obs', 'caf\xe9'] }),
  moved: (body) => ({ status: 301, fields: ['cache-control', 'max-age=60', 'location', '/fresh/1'], body }),
  early: (body) => ({ fields: ['cache-control', 'no-store'], body, informational: [{ status: 103, fields: ['link', '</a>; rel=preload'] }] }),
  cut: (body) => ({ fields: ['cache-control', 'max-age=60'], body, fault: 'truncate' }),
  torn: (body) => ({ fields: ['cache-control', 'max-age=60'], body, framing: 'chunked', fault: 'reset' }),
  broken: () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab' }),
};

function confirmed(request: SeenRequest, kind: Kind): boolean {
  return ['tagged', 'dated', 'checked', 'large'].includes(kind) && fieldValue(request.fields, 'if-none-match')?.includes(TAG) === true;
}

/** A request as text. Where it names no host, that of the connection stands in it, which is not the same on both sides. */
export function seen({ method, path, fields, body }: SeenRequest): string {
  let text = `${method} ${path}\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\n`;
  return `${text.replace(/^host: 127\.0\.0\.1:\d+$/m, 'host: none')}\n${body.toString('latin1')}\n`;
}
