// The file of `freshet validate`: what it means, and everything that is wrong with it at once.
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/validate/load-plan.ts';

const GOOD = `
freshet: http://127.0.0.1:8080/
users:
  - { name: ada, headers: { Authorization: "Bearer \${ADA}" }, values: { tier: gold, order: 7 } }
  - { name: eve, values: { tier: basic, order: 8 } }
resources:
  - name: price
    keys: [1, b]
    owner: "{tier}"
    value: number
    write: { url: "/prices/{key}/{owner}", as: eve, body: { cents: "{value}" } }
    reads: [{ url: "/prices/{key}", value: $.cents, may_lag: 2s }]
`;

function load(text: string): ReturnType<typeof loadPlan> {
  return loadPlan({ file: 'plan.yaml', text, env: { ADA: 's3cret' } });
}

it('the configuration of a Freshet is no plan', () => {
  expect(() => load('origins: {}\nroutes: []')).toThrow(/^plan\.yaml: is the configuration of a Freshet; a plan says/);
});

it('a plan, with what is left out', () => {
  const plan = load(GOOD);
  expect(plan).toMatchObject({ freshet: 'http://127.0.0.1:8080', durationMs: 10_000, readers: 8, writers: 2, ratePerSecond: 200, graceMs: 1000 });
  const [ada, eve] = [
    { name: 'ada', headers: { authorization: 'Bearer s3cret' }, values: { tier: 'gold', order: '7' } },
    { name: 'eve', headers: {}, values: { tier: 'basic', order: '8' } },
  ];
  expect(plan.resources).toMatchObject([
    {
      keys: ['1', 'b'],
      users: [ada, eve],
      value: { kind: 'number', least: 1000, most: 999_999 },
      write: { method: 'PUT', via: 'freshet', as: eve, purge: [] },
      reads: [{ value: { text: '$.cents' }, mayLagMs: 2000 }],
    },
  ]);
});

it('without users there is one without credentials', () => {
  const plan = load('freshet: http://h\nresources: [{ name: a, write: { url: "/{value}" }, reads: [{ url: /, value: $ }] }]');
  expect(plan.resources[0]).toMatchObject({ keys: ['1'], owner: undefined, users: [{ name: 'anyone' }], value: { kind: 'text' } });
});

describe('mistakes', () => {
  const rows: readonly [name: string, from: string, to: string, expected: string][] = [
    ['an unknown key', 'keys:', 'keyes:', 'plan.yaml:8: resources[0].keyes: unknown key "keyes" (did you mean "keys"?); allowed: name, keys'],
    ['no unit', 'may_lag: 2s', 'may_lag: 2', 'plan.yaml:12: resources[0].reads[0].may_lag: found 2; allowed: a whole number and its unit'],
    ['no path', '$.cents', 'cents', 'resources[0].reads[0].value: found "cents"; allowed: a path such as $.name'],
    [
      'an unknown user',
      'as: eve',
      'as: eva',
      'plan.yaml:11: resources[0].write.as: no user is called "eva" (did you mean "eve"?); allowed: ada, eve',
    ],
    [
      'a hole that nothing fills',
      '{key}/{owner}',
      '{kye}/{owner}',
      'resources[0].write.url: nothing fills {kye} (did you mean {key}?); allowed: {key}, {user}',
    ],
    ['one that is asked for', 'tier: basic,', '', 'resources[0].owner: nothing fills {tier}'],
    ['no value in the write', '"{value}"', '"1"', 'resources[0].write: says nowhere where the new value goes; allowed: {value} in its body or url'],
    ['no setting for origin', 'as: eve', 'via: origin', 'resources[0].write.via: found origin, and there is no setting `origin`'],
    ['no setting for purges', 'as: eve', 'purge: ["price:{key}"]', 'resources[0].write.purge: names tags, and there is no setting `purge`'],
    ['a name twice', 'name: eve', 'name: ada', 'plan.yaml:5: users[1].name: "ada" is the name of another one already'],
    [
      'nothing to read',
      '[{ url: "/prices/{key}", value: $.cents, may_lag: 2s }]',
      '[]',
      'resources[0].reads: found an empty list; allowed: at least one read',
    ],
    ['no resources', 'resources:\n  - name', 'resource:\n  - name', 'plan.yaml:6: resource: unknown key "resource" (did you mean "resources"?)'],
    ['too few numbers', 'value: number', 'value: { from: 1, to: 10 }', 'resources[0].value: found 10 numbers; allowed: at least 1001'],
    ['a variable that is not set', '${ADA}', '${EVE}', 'plan.yaml:4: users[0].headers.Authorization: the environment variable EVE is not set'],
    ['a credential with a line break', '"Bearer ${ADA}"', '"s3cret\\n"', 'found something else (not shown)'],
    ['too fast', 'freshet: http://127.0.0.1:8080/', 'freshet: http://h\nreaders: 1000', 'readers: found 1000; allowed: a whole number from 1 to 256'],
    ['a key twice', 'keys: [1, b]', 'keys: [1, "1"]', 'resources[0].keys: found a list; allowed: a list of 1 to 1000 texts or numbers'],
  ];
  it.each(rows)('%s', (_name, from, to, expected) => {
    expect(GOOD).toContain(from);
    expect(() => load(GOOD.replace(from, () => to))).toThrow(expected);
  });

  it('what one user lacks is no mistake where nothing asks for it', () => {
    expect(() => load(GOOD.replace(', order: 8', ''))).not.toThrow();
  });

  it('all of them at once, and no credential among them', () => {
    const text = GOOD.replace('keys:', 'keyes:').replace('2s', '2').replace('ADA}"', 'ADA}\\n"');
    expect(() => load(text)).toThrow(/^plan\.yaml:4:.*not shown.*\nplan\.yaml:8: .*\nplan\.yaml:12: .*$/);
    expect(() => load(text)).not.toThrow(/s3cret/);
  });

  it('a file that is not there', () => {
    expect(() => loadPlan({ file: '/no/such.yaml', env: {} })).toThrow('/no/such.yaml: cannot be read: no such file or directory');
  });
});
