// An API that knows its users by a session cookie. docs/scopes.md walks through it: `npx node examples/session-api.ts`, port 5000 or $PORT.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const TIERS = new Map([
  ['ada', 'gold'],
  ['bob', 'gold'],
  ['eve', 'basic'],
]);
const CENTS: Readonly<Record<string, number>> = { gold: 900, basic: 1250, nobody: 1500 };

/** Session to user. */
const sessions = new Map<string, string>();

function handle(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://shop.example');
  const session = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const user = sessions.get(session);
  const tier = TIERS.get(user ?? '') ?? 'nobody';
  const scope = `tier ${tier}`;
  switch (pathname) {
    case '/_scope':
      // Tagged with the user, so that whoever changes the user can end it.
      return send(response, '', { 'auth-scope': scope, 'cache-control': 'private, max-age=60', 'surrogate-key': `user:${user ?? 'nobody'}` });
    case '/prices':
      // Stated here too: should the two ever differ, the answer is not stored. Frameworks add Vary by themselves.
      return send(response, { cents: CENTS[tier] }, { 'auth-scope': scope, 'cache-control': 'max-age=600', vary: 'Cookie' });
    case '/me/orders':
      return send(response, { of: user ?? 'nobody' }, { 'cache-control': 'private, max-age=600' });
    case '/login':
      return logIn(response, searchParams.get('user') ?? '');
    case '/logout':
      sessions.delete(session);
      return send(response, 'out');
    case '/admin/tier':
      TIERS.set(searchParams.get('user') ?? '', searchParams.get('tier') ?? '');
      return send(response, 'done');
    default:
      response.writeHead(404).end();
  }
}

function logIn(response: ServerResponse, user: string): void {
  const session = randomUUID();
  sessions.set(session, user);
  send(response, session, { 'set-cookie': `session=${session}; HttpOnly; Path=/` });
}

function send(response: ServerResponse, body: unknown, fields: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...fields });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

const server = createServer(handle);
server.listen(Number(process.env['PORT'] ?? 5000), '127.0.0.1', () => console.log('listening on', server.address()));
