import { describe, expect, it } from 'vitest';
import { Log, type LogOptions } from '../../src/observe/log.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { Observe } from '../../src/observe/observe.ts';
import { scrubbed, scrubbedText, withoutQueryValues } from '../../src/observe/scrub.ts';
import { requestEnd } from './ends.ts';

const CUT = requestEnd({ outcome: 'miss', reason: undefined, status: 200, failure: 'truncated' });

function logging(options: Partial<LogOptions> = {}): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = new Log({ level: 'info', access: 'all', ...options, destination: { write: (line) => written.push(line) } });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the access log', () => {
  it('has the words of the decision', () => {
    const { log, lines } = logging();
    log.requestEnded(requestEnd());
    expect(lines()).toEqual([{ level: 'info', time: expect.any(String), msg: 'request', ...requestEnd() }]);
  });

  it.each([
    { name: 'off', access: 'off', ends: Array.from({ length: 300 }, () => requestEnd({ outcome: 'error', status: 502 })), expected: 0 },
    { name: 'all', access: 'all', ends: Array.from({ length: 300 }, () => requestEnd()), expected: 300 },
    { name: 'one in 100', access: 'sample', ends: Array.from({ length: 300 }, () => requestEnd()), expected: 3 },
    { name: 'every 5xx', access: 'sample', ends: Array.from({ length: 50 }, () => requestEnd({ outcome: 'pass', status: 500 })), expected: 50 },
    { name: 'every error', access: 'sample', ends: Array.from({ length: 50 }, () => requestEnd({ outcome: 'error', status: 400 })), expected: 50 },
    { name: 'every answer that was cut', access: 'sample', ends: Array.from({ length: 50 }, () => CUT), expected: 50 },
  ] as const)('$name', ({ access, ends, expected }) => {
    const { log, lines } = logging({ access });
    for (const end of ends) log.requestEnded(end);
    expect(lines()).toHaveLength(expected);
  });

  it.each([
    { level: 'info', path: '/a?page=*&token=*&*' },
    { level: 'debug', path: '/a?page=2&token=s3cret&word' },
  ] as const)('at level $level has the path $path', ({ level, path }) => {
    const { log, lines } = logging({ level });
    log.requestEnded(requestEnd({ path: '/a?page=2&token=s3cret&word' }));
    expect(lines()[0]?.['path']).toBe(path);
  });

  it.each([
    { name: 'a hit', end: requestEnd(), level: 'info' },
    { name: 'a client that left', end: requestEnd({ aborted: true }), level: 'info' },
    { name: 'an answer that was cut', end: CUT, level: 'warn' },
    { name: 'an answer of our own', end: requestEnd({ outcome: 'error', status: 400 }), level: 'warn' },
    { name: "an origin's 500", end: requestEnd({ outcome: 'pass', status: 500 }), level: 'warn' },
  ])('$name has the level $level', ({ end, level }) => {
    const { log, lines } = logging();
    log.requestEnded(end);
    expect(lines()[0]?.['level']).toBe(level);
  });

  it('writes one line whatever a path holds', () => {
    const { log, lines } = logging();
    log.requestEnded(requestEnd({ path: '/a\r\n{"level":"info"}\u0000', method: 'GET"}\n' }));
    expect(lines()).toHaveLength(1);
  });
});

describe('what is masked', () => {
  it.each([
    {
      name: 'a telling name',
      given: { authorization: 'Bearer abc', 'set-cookie': ['a=b'], adminToken: 't' },
      expected: { authorization: '[masked]', 'set-cookie': '[masked]', adminToken: '[masked]' },
    },
    { name: 'inside', given: { request: { fields: { Cookie: 'a' }, n: 1 } }, expected: { request: { fields: { Cookie: '[masked]' }, n: 1 } } },
    { name: 'in a URL', given: { url: 'redis://user:pw@host/0' }, expected: { url: 'redis://[masked]@host/0' } },
    {
      name: 'in words',
      given: { text: 'sent Authorization: Bearer eyJ.a.b, then' },
      expected: { text: 'sent Authorization: Bearer [masked], then' },
    },
    {
      name: 'in errors',
      given: { error: Object.assign(new Error('at http://u:p@h/'), { code: 'ECONNRESET' }) },
      expected: { error: { name: 'Error', message: 'at http://[masked]@h/', code: 'ECONNRESET' } },
    },
    { name: 'nothing else', given: { route: '/a', status: 200, none: undefined }, expected: { route: '/a', status: 200, none: undefined } },
  ])('$name', ({ given, expected }) => {
    expect(scrubbed(given)).toEqual(expected);
  });

  it('ends, also for a detail that holds itself', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(JSON.stringify(scrubbed(loop))).toContain('…');
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(scrubbed({ error }))).toContain('"message":"a"');
  });

  it('cuts long text', () => {
    expect(scrubbedText('a'.repeat(10_000)).length).toBe(2_001);
  });

  it.each([
    ['/a', '/a'],
    ['/a?', '/a?*'],
    ['/a?b=c=d&e=', '/a?b=*&*'],
    ['/a?c2VjcmV0YQ==', '/a?*'],
  ])('query values: %s', (path, expected) => {
    expect(withoutQueryValues(path)).toBe(expected);
  });
});

it('has a line for each change of a breaker: to whom it happened and why', () => {
  const written: string[] = [];
  const log = new Log({ level: 'info', access: 'off', destination: { write: (line) => written.push(line) } });
  const metrics = new Metrics({});
  metrics.close();
  const observe = new Observe({ log, metrics });
  observe.breakerChanged({ origin: 'a', state: 'open', forMs: 5_000, ended: 30, failed: 20, last: { status: 200, failure: 'origin-reset' } });
  observe.breakerChanged({ origin: 'a', state: 'half-open' });
  observe.breakerChanged({ origin: 'a', state: 'open', forMs: 10_000, ended: 1, failed: 1, last: { status: 503 } });
  observe.breakerChanged({ origin: 'a', state: 'closed' });
  expect(written.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', origin: 'a', forMs: 5_000, failed: 20, of: 30, last: 'origin-reset' },
    { level: 'info', origin: 'a', msg: expect.stringContaining('one request') },
    { level: 'warn', origin: 'a', forMs: 10_000, failed: 1, of: 1, last: '503' },
    { level: 'info', origin: 'a', msg: expect.stringContaining('is back') },
  ]);
});
