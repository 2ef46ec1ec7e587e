// An API whose bearer tokens are JWTs, and their issuer. docs/scopes.md walks through it: `npx node examples/jwt-api.ts`, port 5000 or $PORT.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';

const ISSUER = 'https://login.example/';
const AUDIENCE = 'shop-api';
const KEY_ID = 'k1';
const USERS: Readonly<Record<string, object>> = {
  ada: { sub: 'ada', tenant: 'acme', tier: 'gold' },
  bob: { sub: 'bob', tenant: 'acme', tier: 'gold' },
  eve: { sub: 'eve', tenant: 'acme', tier: 'basic' },
};
const CENTS: Readonly<Record<string, number>> = { gold: 900, basic: 1250 };

const keys = await generateKeyPair('ES256');

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  switch (path) {
    case '/.well-known/jwks.json':
      return send(response, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' }] });
    case '/login':
      return send(response, await tokenOf(new URLSearchParams(query).get('user') ?? ''));
  }
  const claims = await claimsOf(request);
  if (claims === undefined) return send(response, { error: 'who are you?' }, { status: 401 });
  switch (path) {
    case '/prices':
      return send(response, { cents: CENTS[String(claims['tier'])] }, { fields: { 'cache-control': 'max-age=600', 'surrogate-key': 'prices' } });
    case '/me/orders':
      return send(response, { of: claims['sub'] }, { fields: { 'cache-control': 'private, max-age=600' } });
    default:
      return send(response, { error: 'no such thing' }, { status: 404 });
  }
}

function tokenOf(user: string): Promise<string> {
  const token = new SignJWT({ ...USERS[user] }).setProtectedHeader({ alg: 'ES256', kid: KEY_ID });
  return token.setIssuer(ISSUER).setAudience(AUDIENCE).setExpirationTime('1h').sign(keys.privateKey);
}

async function claimsOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  const verified = await jwtVerify(token, keys.publicKey, { issuer: ISSUER, audience: AUDIENCE }).catch(() => undefined);
  return verified?.payload;
}

interface Rest {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string>>;
}

function send(response: ServerResponse, body: unknown, { status = 200, fields = {} }: Rest = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...fields });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
});
server.listen(Number(process.env['PORT'] ?? 5000), '127.0.0.1', () => console.log('listening on', server.address()));
