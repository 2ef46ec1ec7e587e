// `freshet serve` as a process: starting, draining, reloading, and failing to start.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import { Running, runFreshet } from './run.ts';

const LOCAL = ['--listen', '127.0.0.1:0', '--admin', 'false'];

async function started(running: Running): Promise<string> {
  const [, address] = await running.says(/listening on (\S+)\n/);
  return `http://${address}`;
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(url, { headers: { connection: 'close' } })).text();
}

describe('serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s finishes what is in flight and exits 0', async (signal) => {
    const barrier = new Barrier();
    await using origin = await ScriptedOrigin.start();
    origin.on('/a', { body: 'whole', barriers: { 'mid-body': barrier } });
    await using freshet = new Running(['--origin', origin.url, ...LOCAL]);
    const answer = textOf(`${await started(freshet)}/a`);
    await barrier.reached;
    freshet.signal(signal);
    await freshet.says(new RegExp(`${signal}: finishing`));
    barrier.open();
    expect(await answer).toBe('whole');
    expect((await freshet.ended).code).toBe(0);
  });

  it('says that a store may be more than the heap of its process holds', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
    const file = join(folder.path, 'freshet.yaml');
    writeFileSync(file, 'store: { memory: 64GiB }\norigins: { a: { url: "http://127.0.0.1:1" } }');
    await using freshet = new Running(['--config', file, ...LOCAL]);
    await freshet.says(/store\.memory is more than half of what V8 may use for its heap/);
    await started(freshet);
  });

  it('with workers: says how many, reads its configuration again, drains, and every line of the log is whole', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
    await using origin = await ScriptedOrigin.start();
    const barrier = new Barrier();
    origin.on('/a', { body: 'whole', barriers: { 'mid-body': barrier } }).on('*', { body: 'x' });
    const file = join(folder.path, 'freshet.yaml');
    writeFileSync(file, `workers: 2\norigins: { a: { url: "${origin.url}" } }\nlog: { level: info, access: all }`);
    await using freshet = new Running(['--config', file, ...LOCAL]);
    const [, address] = await freshet.says(/listening on (\S+) with 2 workers\n/);
    await Promise.all(Array.from({ length: 20 }, (_, nth) => textOf(`http://${address}/${nth}`)));
    freshet.signal('SIGHUP');
    await freshet.says(/the configuration was read again and applies/);
    const answer = textOf(`http://${address}/a`);
    await barrier.reached;
    freshet.signal('SIGTERM');
    await freshet.says(/finishing/);
    barrier.open();
    expect(await answer).toBe('whole');
    const { code, out } = await freshet.ended;
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    const requests = lines.map((line) => JSON.parse(line) as { msg: string; worker?: number }).filter(({ msg }) => msg === 'request');
    expect(requests).toHaveLength(21);
    expect(requests.every(({ worker }) => worker === 1 || worker === 2)).toBe(true);
  });

  it('a second signal exits at once with 1', async () => {
    const barrier = new Barrier();
    await using origin = await ScriptedOrigin.start();
    origin.on('/a', { body: 'whole', barriers: { 'mid-body': barrier } });
    await using freshet = new Running(['--origin', origin.url, ...LOCAL]);
    const answer = textOf(`${await started(freshet)}/a`).catch(() => 'cut');
    await barrier.reached;
    freshet.signal('SIGTERM');
    await freshet.says(/finishing/);
    freshet.signal('SIGINT');
    expect((await freshet.ended).code).toBe(1);
    expect(await answer).toBe('cut');
  });

  it('SIGHUP while it starts does not end it, and the configuration is read again', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
    await using origin = await ScriptedOrigin.start();
    // A pipe: the start waits in it until the configuration is written.
    const file = join(folder.path, 'freshet.yaml');
    execFileSync('mkfifo', [file]);
    const text = `origins: { a: { url: "${origin.url}" } }`;
    await using freshet = new Running(['--config', file, ...LOCAL]);
    await using first = await open(file, 'w');
    freshet.signal('SIGHUP');
    await first.writeFile(text);
    await first.close();
    await freshet.says(/listening on/);
    await writeFile(file, text);
    await freshet.says(/the configuration was read again and applies/);
    freshet.signal('SIGTERM');
    expect((await freshet.ended).code).toBe(0);
  });

  it.each([
    { setting: 'listen', flags: ['--admin', 'false', '--listen'] },
    { setting: 'admin.listen', flags: ['--listen', '127.0.0.1:0', '--admin'] },
  ])('a port in use for $setting exits 1 and is named', async ({ setting, flags }) => {
    await using taken = await ScriptedOrigin.start();
    const address = `127.0.0.1:${taken.port}`;
    const ended = await runFreshet(['--origin', 'http://127.0.0.1:1', ...flags, address]);
    expect([ended.code, ended.err]).toEqual([1, `freshet: ${setting}: cannot listen on ${address}: the port is in use\n`]);
  });

  it('SIGHUP reads the configuration again; an invalid one is refused and the old one stays', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'freshet-'));
    await using before = await ScriptedOrigin.start();
    await using after = await ScriptedOrigin.start();
    before.on('*', { body: 'before' });
    after.on('*', { body: 'after' });
    const file = join(folder.path, 'freshet.yaml');
    const write = (text: string): void => writeFileSync(file, text);

    write(`origins: { a: { url: "${before.url}" } }`);
    await using freshet = new Running(['--config', file, ...LOCAL]);
    const url = await started(freshet);
    expect(await textOf(url)).toBe('before');

    write('origins: { a: { ulr: x } }');
    freshet.signal('SIGHUP');
    await freshet.says(/refused and the old one stays:\n[^]*freshet\.yaml:1: origins\.a\.ulr: unknown key "ulr" \(did you mean "url"\?\)/);
    expect(await textOf(url)).toBe('before');

    write(`origins: { a: { url: "${after.url}" } }\nstore: { memory: 4MiB }`);
    freshet.signal('SIGHUP');
    await freshet.says(/applies to new requests; not before a restart: store\.memory\n/);
    expect(await textOf(url)).toBe('after');
  });
});
