// An origin behind TLS: whom Freshet trusts, which name it wants, and that a certificate that is not right is an origin that is not there.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority, type Issued } from '../support/certificate.ts';
import { get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';

const ours = new CertificateAuthority();
const theirs = new CertificateAuthority('Another CA');
const issued = ours.issue('localhost', 'shop.test');

/** Answers with the name that was asked for in TLS. */
async function startOrigin({ cert, key }: Issued): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ cert, key }, ({ socket }, response) => {
    response.setHeader('cache-control', 'max-age=60');
    response.end(socket instanceof TLSSocket ? `for ${String(socket.servername)}` : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Row {
  readonly name: string;
  readonly host: string;
  /** `CA` and `OTHER` stand for the files. */
  readonly tls: string;
  readonly expected: { readonly status: number; readonly text: RegExp };
}

const ROWS: readonly Row[] = [
  { name: 'its CA, the name of its URL', host: 'localhost', tls: 'ca: CA', expected: { status: 200, text: /^for localhost$/ } },
  { name: 'its CA, a name of its own', host: '127.0.0.1', tls: 'ca: CA, servername: shop.test', expected: { status: 200, text: /^for shop\.test$/ } },
  { name: 'its CA, a wrong name', host: 'localhost', tls: 'ca: CA, servername: bank.test', expected: { status: 502, text: /origin-unreachable/ } },
  { name: 'the CAs of the system', host: 'localhost', tls: 'servername: localhost', expected: { status: 502, text: /origin-unreachable/ } },
  { name: "another's CA", host: 'localhost', tls: 'ca: OTHER', expected: { status: 502, text: /origin-unreachable/ } },
  {
    name: 'nobody, and takes any certificate',
    host: 'localhost',
    tls: 'servername: bank.test, reject_unauthorized: false',
    expected: { status: 200, text: /^for bank\.test$/ },
  },
  {
    name: 'its CA, where any certificate is taken',
    host: 'localhost',
    tls: 'ca: CA, reject_unauthorized: false',
    expected: { status: 200, text: /^for localhost$/ },
  },
];

describe('an origin behind TLS', () => {
  it.each(ROWS)('trusts $name: $expected.status', async ({ host, tls, expected }) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
    const files = { CA: join(folder.path, 'ca.pem'), OTHER: join(folder.path, 'other.pem') };
    writeFileSync(files.CA, ours.cert);
    writeFileSync(files.OTHER, theirs.cert);
    await using origin = await startOrigin(issued);
    const settings = tls.replace(/\b(CA|OTHER)\b/, (name) => JSON.stringify(name === 'CA' ? files.CA : files.OTHER));
    await using freshet = await RunningFreshet.start(`origins: { a: { url: "https://${host}:${origin.port}", tls: { ${settings} } } }`);
    const answer = await get(freshet.address, '/a');
    expect(answer.status).toBe(expected.status);
    expect(answer.body).toMatch(expected.text);
  });
});
