// `freshet validate` as a shell runs it: what it prints, where, and its exit codes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Ended, runFreshet, Running } from '../commands/run.ts';
import { type Faults, System } from './system.ts';

async function run(faults: Faults, change: (plan: string) => string = String, ...flags: string[]): Promise<Ended> {
  await using system = await System.start(faults);
  using plan = planFor(system, change);
  return await runFreshet(['validate', '--config', plan.file, ...flags]);
}

function planFor(system: System, change: (plan: string) => string): { readonly file: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-validate-'));
  const file = join(folder, 'plan.yaml');
  writeFileSync(
    file,
    change(`freshet: ${system.url}
duration: 10m
most_writes: 20
grace: 20ms
pause: 10ms
rate: 2000/s
resources: [{ name: shared, write: { url: /values/a, body: { value: "{value}" } }, reads: [{ url: /values/a, value: $.value }] }]
`),
  );
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

it('nothing found: the report on standard output, the warning beside it, 0', async () => {
  const { code, out, err } = await run({});
  expect(out).toMatch(
    /^http:\/\/\S+, \d[\d.]* s of traffic: \d+ reads \(\d+ % from the cache\), \d+ confirmed writes\n\nresource +read +reads +hits +stale/,
  );
  expect(out).toContain("No read was stale, and none showed what is another's.");
  expect(err).toMatch(/^freshet: this writes to a real system for 600 s, .*\n/);
  expect(code).toBe(0);
});

it('a fault: 1', async () => {
  const { code, out, err } = await run({ forgets: true });
  expect(out).toContain('FAULT missed invalidation: shared, GET /values/a');
  expect(err).toMatch(/freshet: a fault was found\n$/);
  expect(code).toBe(1);
});

it('no fault, but writes that were not confirmed: 1', async () => {
  const { code, out, err } = await run({ writes: [204, 204, 503] });
  expect(out).toContain('writes were not confirmed');
  expect(err).toMatch(/freshet: \d+ writes were not confirmed, so less is proven than was asked for: see the notes\n$/);
  expect(code).toBe(1);
});

it('as JSON: one object, and nothing beside it', async () => {
  const { out } = await run({ forgets: true }, String, '--json');
  expect(JSON.parse(out)).toMatchObject({ faults: [{ kind: 'missed-invalidation', isAlways: true, read: '/values/a' }] });
});

it.each(['SIGINT', 'SIGTERM'] as const)('%s ends the traffic: what was written is put back, and the report comes', async (signal) => {
  await using system = await System.start({});
  system.set('/values/a', 'Assam');
  using plan = planFor(system, (text) => text.replace('most_writes: 20\n', ''));
  await using running = new Running(['validate', '--config', plan.file]);
  await running.says(/1 s: /);
  running.signal(signal);
  const { code, out } = await running.ended;
  expect(out).toContain("No read was stale, and none showed what is another's.");
  expect(code).toBe(0);
  expect(system.get('/values/a')).toBe('Assam');
});

it('a plan that is wrong: 2, before anything is sent', async () => {
  const { code, out, err } = await run({}, (plan) => plan.replace('10m', '10'));
  expect(err).toMatch(/^freshet: \S+plan\.yaml:2: duration: found 10; allowed: a whole number and its unit/);
  expect([out, code]).toEqual(['', 2]);
});

it.each([
  [[], 'needs --config FILE'],
  [['plan.yaml'], 'unexpected "plan.yaml"; a plan is named with --config'],
])('bad usage %j: 2', async (args, message) => {
  const { code, err } = await runFreshet(['validate', ...args]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});
