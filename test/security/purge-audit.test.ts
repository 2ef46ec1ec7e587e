// SECURITY §6 "Log": Freshet as it runs, every way of trying to purge, and the line that each leaves: who, what, and how it ended, in safe words.
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Running } from '../commands/run.ts';
import { PURGE_TOKEN } from '../proxy/journey.ts';
import { RawClient } from '../support/client.ts';
import { bytesOf, operatorBytes } from './raw-journey.ts';

interface Attempt {
  readonly name: string;
  readonly send: string;
  readonly to?: 'admin';
  readonly status: number;
  /** Of its line, besides the actor. */
  readonly line: Readonly<Record<string, unknown>>;
}

const SECRET = 'SECRET';
const TOKEN = `Authorization: Bearer ${PURGE_TOKEN}`;
const REFUSED = { msg: 'a purge was refused', level: 'warn' };
const PURGED = { msg: 'purged', level: 'info', state: 'confirmed', kind: 'operator', id: expect.stringMatching(/^[0-9a-f]{4}\.\d+$/) };
const post = (body: string, ...fields: readonly string[]) => operatorBytes('POST /v1/purge', fields, body);

const ATTEMPTS: readonly Attempt[] = [
  { name: 'no token', send: bytesOf('PURGE /a'), status: 401, line: { ...REFUSED, status: 401 } },
  { name: 'a wrong token', send: bytesOf('PURGE /a', [`Authorization: Bearer ${SECRET}`]), status: 401, line: { ...REFUSED, status: 401 } },
  {
    name: 'a malformed tag',
    send: bytesOf('PURGE /', [TOKEN, 'Surrogate-Key: a,\xff']),
    status: 400,
    line: { ...REFUSED, status: 400, detail: expect.stringMatching(/^The tag "a,\\u00ff" is not one/) },
  },
  {
    name: 'too long a tag, shortened',
    send: bytesOf('PURGE /', [TOKEN, `Surrogate-Key: ${'x'.repeat(2000)}`]),
    status: 413,
    line: { ...REFUSED, status: 413, detail: expect.stringMatching(/^.{1,500}$/) },
  },
  {
    name: 'tags',
    send: bytesOf('PURGE /', [TOKEN, 'Surrogate-Key: a "b"']),
    status: 200,
    line: { ...PURGED, mode: 'hard', what: 'tag=a tag="b"' },
  },
  {
    name: 'a URL, without its query',
    send: bytesOf(`PURGE /a?token=${SECRET}`, [TOKEN, 'Soft-Purge: 1']),
    status: 200,
    line: { ...PURGED, mode: 'soft', what: 'url=shop.test/a?*' },
  },
  {
    name: 'a page',
    to: 'admin',
    send: post('{"all":true}', 'Origin: null'),
    status: 403,
    line: { msg: 'an admin request was refused', level: 'warn', status: 403 },
  },
  { name: 'no JSON', to: 'admin', send: post('tags=a'), status: 400, line: { ...REFUSED, status: 400 } },
  {
    name: 'everything, for a reason',
    to: 'admin',
    send: post('{"all":true,"reason":"new\\nprices"}'),
    status: 200,
    line: { ...PURGED, what: 'all', reason: String.raw`new\u000aprices` },
  },
  {
    name: 'a scope, as a hash',
    to: 'admin',
    send: post(`{"scopes":[{"authorization":"Bearer ${SECRET}"}]}`),
    status: 200,
    line: { ...PURGED, what: expect.stringMatching(/^scope=authorization=#[0-9a-f]{8}$/) },
  },
];

const OFF: readonly Attempt[] = [{ name: 'where it is off', send: bytesOf('PURGE /a', [TOKEN]), status: 405, line: { ...REFUSED, status: 405 } }];

const LOCAL = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];

/** What it wrote while all of `attempts` were made, one after the other. */
async function outputOf(yaml: string, attempts: readonly Attempt[]): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
  const file = join(folder.path, 'freshet.yaml');
  await writeFile(file, `origins: { shop: { url: "http://127.0.0.1:1" } }\nlog: { access: "off" }\n${yaml}`);
  await using freshet = new Running(['--config', file, ...LOCAL]);
  const [, clients = '', operators = ''] = await freshet.says(/listening on (\S+), admin on (\S+)\n/);
  for (const { name, send, to, status } of attempts) {
    expect([name, await statusOf(to === 'admin' ? operators : clients, send)]).toEqual([name, status]);
  }
  freshet.signal('SIGTERM');
  return (await freshet.ended).out;
}

async function statusOf(address: string, bytes: string): Promise<number | undefined> {
  const { hostname: host, port } = new URL(`http://${address}`);
  await using client = await RawClient.connect({ host, port: Number(port) });
  client.send(bytes);
  return (await client.answer())?.status;
}

describe('every attempt leaves one line', () => {
  it.each([
    { name: 'with a token', yaml: `purge: { token: ${PURGE_TOKEN} }\ndefaults: { scope: credential }`, attempts: ATTEMPTS },
    { name: 'without', yaml: '', attempts: OFF },
  ])('$name', async ({ yaml, attempts }) => {
    const output = await outputOf(yaml, attempts);
    const lines = output.trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
      attempts.map(({ line }) => expect.objectContaining({ actor: '127.0.0.1', ...line })),
    );
    expect(output).not.toMatch(new RegExp(`${SECRET}|${PURGE_TOKEN}`));
  });
});
