// A bare node:http server: the origin where nginx is not installed, and a yardstick beside Freshet. Run as a program: `node bench/beside/node-origin.ts`.
import { createServer } from 'node:http';
import { BODIES, CONTROL } from './origin-answers.ts';

const bodies = new Map(Object.entries(BODIES).map(([name, bytes]) => [name, Buffer.alloc(bytes, 'x')]));
let answered = 0;

const server = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  const [, kind = '', size = ''] = (request.url ?? '').split('/');
  if (kind === 'count') return void response.end(String(answered));
  answered++;
  const body = bodies.get(size);
  const fields = CONTROL[kind];
  if (body === undefined || fields === undefined) return void response.writeHead(404).end();
  if (request.headers['if-none-match'] === fields['ETag']) return void response.writeHead(304, fields).end();
  response.writeHead(200, { ...fields, 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
});
server.listen(0, '127.0.0.1', () => console.log('listening on', server.address()));
