// The bench's origin, and its yardstick: a bare node:http server that answers from memory. Run as a program: `node bench/origin.ts PORT`.
import { createServer } from 'node:http';

const PAGE = Buffer.alloc(1024, 'x');
const TINY = Buffer.from('{"ok":true}');
/** What every entry of `/wide/` carries, so that one purge can name half a million of them. */
const WIDE_TAGS = Array.from({ length: 10 }, (_, index) => `wide-${index}`).join(' ');

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const url = request.url ?? '/';
  if (url === '/_scope') {
    response.writeHead(204, { 'Auth-Scope': 'tier gold', 'Cache-Control': 'private, max-age=3600' }).end();
  } else if (url.startsWith('/wide/')) {
    response.writeHead(200, { 'Content-Length': TINY.length, 'Cache-Control': 'max-age=3600', 'Surrogate-Key': WIDE_TAGS }).end(TINY);
  } else if (url.startsWith('/tagged/')) {
    const tags = WIDE_TAGS.replaceAll('wide', url);
    response.writeHead(200, { 'Content-Length': TINY.length, 'Cache-Control': 'max-age=3600', 'Surrogate-Key': tags }).end(TINY);
  } else if (url.startsWith('/url/')) {
    response.writeHead(200, { 'Content-Length': TINY.length, 'Cache-Control': 'max-age=3600' }).end(TINY);
  } else if (url === '/one') {
    response.writeHead(200, { 'Content-Length': TINY.length, 'Cache-Control': 'max-age=3600', 'Surrogate-Key': 'one' }).end(TINY);
  } else {
    const control = url === '/pass' ? 'no-store' : url.startsWith('/public/') ? 'public, max-age=3600' : 'max-age=3600';
    response
      .writeHead(200, {
        'Content-Type': 'text/plain',
        'Content-Length': PAGE.length,
        'Cache-Control': control,
        'Surrogate-Key': 'page product:1 catalog',
      })
      .end(PAGE);
  }
});
server.listen(0, '127.0.0.1', () => console.log('listening on', server.address()));
