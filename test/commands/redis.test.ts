// `redis` as an operator sets it: its password is shown nowhere, and a reload that changes it says that this needs a restart.
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { Running, runFreshet } from './run.ts';

function yamlOf(url: string, mode: string): string {
  const redis = `redis: { url: "${url}", cluster: shop, secret: a-secret-of-thirty-two-characters, mode: ${mode} }`;
  return `${redis}\norigins: { shop: { url: "http://127.0.0.1:5000" } }\nlog: { level: trace }\n`;
}

it.skipIf(!hasRedis)('a wrong password keeps nobody from serving, and is shown nowhere', async () => {
  await using server = await RedisServer.start();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
  const file = join(folder.path, 'freshet.yaml');
  const url = `redis://user:hunter%322@127.0.0.1:${server.port}`;
  writeFileSync(file, yamlOf(url, 'lease'));
  const checked = await runFreshet(['check', '--config', file]);
  expect(checked.out).toContain(`through one server (127.0.0.1:${server.port})`);
  await using freshet = new Running(['--config', file, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']);
  const [, admin = ''] = await freshet.says(/admin on (\S+)\n/);
  const shown = await (await fetch(`http://${admin}/v1/config`)).text();
  expect(shown).toContain(`redis://***@127.0.0.1:${server.port}`);
  writeFileSync(file, yamlOf(url, 'barrier'));
  freshet.signal('SIGHUP');
  await freshet.says(/applies to new requests; not before a restart: redis\n/);
  freshet.signal('SIGTERM');
  const { code, out, err } = await freshet.ended;
  expect(code).toBe(0);
  expect(out).toContain('WRONGPASS');
  for (const text of [checked.out, checked.err, shown, out, err]) expect(text).not.toMatch(/hunter/);
});
