// A shop's API that tags what it answers: GET and PUT of /products/ID. examples/compose.yaml runs it behind two nodes; port 5000 or $PORT, of $HOST or the loopback.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

const cents = new Map<string, unknown>([['42', 1250]]);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, id = ''] = /^\/products\/(\d+)$/.exec(request.url ?? '') ?? [];
  if (request.method === 'PUT' && id !== '') {
    cents.set(id, await json(request));
    response.writeHead(204).end();
  } else if (cents.has(id)) {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=600', 'surrogate-key': `product:${id} catalog` });
    response.end(JSON.stringify({ id, cents: cents.get(id) }));
  } else {
    response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch(() => response.writeHead(400).end());
});
server.listen(Number(process.env['PORT'] ?? 5000), process.env['HOST'] ?? '127.0.0.1', () => console.log('listening on', server.address()));
