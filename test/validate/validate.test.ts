// A whole run against a small system: each fault is found and named, and none is found where there is none.
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/validate/load-plan.ts';
import { describeReport, type Report } from '../../src/validate/report.ts';
import { validate } from '../../src/validate/validate.ts';
import { type Faults, System } from './system.ts';

/** As long as it takes: a run ends with its writes. */
const BRISK = 'duration: 10m\ngrace: 50ms\nrate: 2000/s\npause: 5ms';

const SHARED = `
  - name: shared
    keys: [a, b]
    write: { url: "/values/{key}", body: { value: "{value}" } }
    reads: [{ url: "/values/{key}", value: $.value }]`;

const OWNED = `
  - name: mine
    owner: "{user}"
    value: number
    write: { url: /mine, body: { value: "{value}" } }
    reads: [{ url: /mine, value: $.value }]`;

const USERS = 'users: [{ name: ada, headers: { user: ada } }, { name: bob, headers: { user: bob } }]';

async function run(
  system: System,
  resources: string,
  { more = '', most = 20, said = [] }: { readonly more?: string; readonly most?: number; readonly said?: string[] } = {},
): Promise<{ readonly report: Report; readonly said: readonly string[] }> {
  const text = [`freshet: ${system.url}`, BRISK, `most_writes: ${most}`, USERS, more, `resources:${resources}`].join('\n');
  const plan = loadPlan({ file: 'plan.yaml', text, env: {} });
  const report = await validate(plan, { say: (line) => said.push(line), ended: new AbortController().signal });
  return { report, said };
}

function kinds({ faults }: Report): string[] {
  return faults.map(({ kind, resource }) => `${kind} ${resource}`);
}

describe.concurrent('what is found', () => {
  const rows: readonly [name: string, faults: Faults, resources: string, expected: readonly string[], said: string][] = [
    ['nothing in a system that is right', {}, SHARED + OWNED, [], "No read was stale, and none showed what is another's."],
    ['a purge that is forgotten', { forgets: true }, SHARED, ['missed-invalidation shared'], 'no purge reaches this answer'],
    ['users who are mixed up', { mixes: true }, OWNED, ['cross-scope-read mine'], 'the scope of the route does not tell these users apart'],
    ['reads that fail from when its traffic begins', { reads: 6 }, SHARED, ['unjudged-read shared'], '503 "gone"'],
    ['an API that answers what is older by itself', { lags: true }, SHARED, ['stale-read shared'], 'The API itself answered what is older'],
  ];
  it.each(rows)('%s', async (_name, faults, resources, expected, said) => {
    await using system = await System.start(faults);
    const { report } = await run(system, resources);
    expect(kinds(report)).toEqual(expected);
    expect(describeReport(report)).toContain(said);
    expect(report.writes.confirmed).toBeGreaterThan(2);
    for (const { reads } of report.reads) expect(reads).toBeGreaterThan(2);
  });

  it('what nobody reads before the traffic ends', async () => {
    await using system = await System.start({ forgets: true });
    const { report } = await run(system, SHARED, { most: 1 });
    expect(kinds(report)).toEqual(['missed-invalidation shared']);
  });

  it('with every hit that showed it', async () => {
    await using system = await System.start({ mixes: true });
    const { report } = await run(system, OWNED);
    const [{ count, hits } = { count: 0, hits: 0 }] = report.faults;
    expect(count).toBeGreaterThan(3);
    expect(hits).toBe(count);
  });

  it('with what an operator needs to find it', async () => {
    await using system = await System.start({ forgets: true });
    const { report } = await run(system, SHARED);
    const [fault] = report.faults;
    expect(fault?.examples[0]).toMatchObject({
      user: expect.stringMatching(/ada|bob/),
      cacheStatus: 'freshet; hit',
      age: '3',
      tags: 'a b',
      isHit: true,
    });
    const [example] = fault?.examples ?? [];
    expect(describeReport(report)).toContain(`as ${example?.user} showed`);
    expect(describeReport(report)).toContain('Cache-Status: freshet; hit; Age: 3; tags: a b');
  });
});

describe.concurrent('purges of its own', () => {
  const PURGED = SHARED.replace('body:', 'purge: ["{key}"], body:');

  it.each([
    ['confirmed', { status: 200, body: '{"state":"confirmed"}' }, []],
    ['committed, with a bound that is waited for', { status: 202, body: '{"state":"committed","bound_ms":20}' }, []],
  ])('%s', async (_name, purge, expected) => {
    await using system = await System.start({ purge });
    const { report } = await run(system, PURGED, { more: `purge: { url: "${system.url}/v1/purge", token: t }` });
    expect(kinds(report)).toEqual(expected);
    expect(system.asked).toContain('POST /v1/purge {"tags":["a"],"reason":"validate"}');
  });

  it('refused: it cannot begin', async () => {
    await using system = await System.start({ purge: { status: 401, body: 'no' } });
    await expect(run(system, PURGED, { more: `purge: { url: "${system.url}/v1/purge" }` })).rejects.toThrow(
      'the first write of shared a was not confirmed: 401 "no"',
    );
  });
});

describe.concurrent('writes that are not confirmed', () => {
  it.each([
    ['refused', [204, 204, 409], 'refused'],
    ['uncertain', [204, 204, 503], 'uncertain'],
    ['lost, after which the value is written no more', [204, 204, 0], 'lost'],
    ['given up by whoever stands before the API', [204, 204, 504], 'lost'],
  ] as const)('%s: no read is held to them', async (_name, writes, kind) => {
    await using system = await System.start({ writes });
    const { report } = await run(system, SHARED);
    expect(kinds(report)).toEqual([]);
    expect(report.writes.confirmed).toBe(0);
    expect(report.writes[kind]).toBeGreaterThan(0);
    const mayStillLand = kind === 'lost' ? ['shared a', 'shared b'] : [];
    if (kind === 'lost') expect(report.writes.lost).toBe(2);
    expect(report.mayStillLand.toSorted()).toEqual(mayStillLand);
    expect(report.notes.join()).toContain('writes were not confirmed');
    expect(report.notes.some((note) => note.startsWith('a write was given up on, and may still land after what was put back: shared '))).toBe(
      kind === 'lost',
    );
  });
});

describe.concurrent('what stood there', () => {
  it('is put back', async () => {
    await using system = await System.start();
    system.set('/values/a', 'Assam');
    system.set('/mine/bob', 7);
    const { report, said } = await run(system, SHARED + OWNED);
    expect([system.get('/values/a'), system.get('/mine/bob')]).toEqual(['Assam', 7]);
    expect(report).toMatchObject({ restored: 2, unrestored: 2 });
    expect(report.notes).toContain('2 values stay as they were written last; 2 are what they were before');
    expect(said[0]).toContain(`this writes to a real system for 600 s, at most 2000 requests a second: PUT ${system.url}/values/{key} (2 values)`);
  });

  it('is put back where the run cannot begin', async () => {
    await using system = await System.start({ writes: [204, 409, 204] });
    system.set('/values/a', 'Assam');
    await expect(run(system, SHARED)).rejects.toThrow('the first write of shared b was not confirmed: 409 ""');
    expect(system.get('/values/a')).toBe('Assam');
  });

  it('and what is not put back is said where the run cannot begin', async () => {
    await using system = await System.start({ writes: [204, 0] });
    system.set('/values/a', 'Assam');
    const said: string[] = [];
    await expect(run(system, SHARED.replace('keys: [a, b]', 'keys: [a, b, c]'), { said })).rejects.toThrow('the first write of shared b');
    expect(said.slice(1)).toEqual([
      '2 values stay as they were written last; 0 are what they were before',
      'a write was given up on, and may still land after what was put back: shared a, shared b',
    ]);
  });

  it('stays where a write adds', async () => {
    await using system = await System.start();
    system.set('/values/a', 'Assam');
    const { report } = await run(system, SHARED.replace('write: {', 'write: { method: POST,'));
    expect(report.restored).toBe(0);
    expect(system.get('/values/a')).toMatch(/^fv/);
  });
});

describe.concurrent('what cannot be judged', () => {
  it('a path that finds nothing: it cannot begin', async () => {
    await using system = await System.start();
    await expect(run(system, SHARED.replace('$.value', '$.price'))).rejects.toThrow(/^GET \/values\/a as ada: \$\.price finds nothing in it: 200 "/);
  });

  it('nobody there', async () => {
    const system = await System.start();
    const { url } = system;
    await system[Symbol.asyncDispose]();
    const plan = loadPlan({ file: 'plan.yaml', text: `freshet: ${url}\nresources:${SHARED}`, env: {} });
    await expect(validate(plan, { say: () => {}, ended: new AbortController().signal })).rejects.toThrow(/no answer: .*ECONNREFUSED/);
  });

  it('a read that was never a hit proves nothing, and the report says so', async () => {
    await using system = await System.start();
    const { report } = await run(system, SHARED.replace('$.value }', '$.value }, { url: "/values/{key}?x", value: $ }'));
    expect(report.notes.join('\n')).not.toContain('GET /values/{key}: not one');
    expect(kinds(report)).toEqual(['missed-invalidation shared']);
  });
});

it('ends before it has written anything where it is told to as early', async () => {
  await using system = await System.start();
  const ending = new AbortController();
  const plan = loadPlan({ file: 'plan.yaml', text: `freshet: ${system.url}\nresources:${SHARED}`, env: {} });
  const running = validate(plan, { say: () => ending.abort(), ended: ending.signal });
  await expect(running).rejects.toThrow('it was ended before its traffic began');
  expect(system.asked).toEqual([]);
});

it('ends when it is told to, and puts back what it wrote', async () => {
  await using system = await System.start();
  system.set('/values/a', 'Assam');
  const ending = new AbortController();
  const text = [`freshet: ${system.url}`, 'duration: 1h\ngrace: 0s\nrate: 2000/s', `resources:${SHARED}`].join('\n');
  const running = validate(loadPlan({ file: 'plan.yaml', text, env: {} }), {
    // After the first second of traffic.
    say: (line) => line.startsWith('1 s:') && ending.abort(),
    ended: ending.signal,
  });
  expect((await running).restored).toBe(1);
  expect(system.get('/values/a')).toBe('Assam');
});
