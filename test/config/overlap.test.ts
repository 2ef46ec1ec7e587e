// Listeners on one address, and origins that are Freshet itself.
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { Overrides } from '../../src/config/overrides.ts';
import { UsageError } from '../../src/errors.ts';

function problemsOf(text: string, overrides: Overrides = { origin: 'http://127.0.0.1:5000' }): readonly string[] {
  try {
    loadConfig({ text, env: {}, overrides });
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^configuration: ?/, ''));
  }
}

const both = (listen: string, admin: string): readonly string[] =>
  problemsOf(`listen: "${listen}"\nadmin: { listen: "${admin}", token: t }`).map((line) => line.replace(/^2: admin\.listen: /, ''));

const origin = (listen: string, url: string): readonly string[] => problemsOf('', { listen, origin: url, admin: '127.0.0.1:9090' });

describe('addresses that overlap', () => {
  it.each([
    ['8080', '127.0.0.1:8080'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    ['127.0.0.1:8080', '0.0.0.0:8080'],
    ['[::]:8080', '127.0.0.1:8080'],
    ['10.0.0.1:8080', '[::]:8080'],
    ['[::1]:8080', '[0:0::1]:8080'],
    ['localhost:8080', '127.0.0.1:8080'],
    ['[::1]:8080', 'LOCALHOST:8080'],
  ])('listen %s and admin.listen %s do', (listen, admin) => {
    const [first, ...others] = both(listen, admin);
    expect(first).toMatch(/^found \S+:8080, which is listen \(\S+:8080\) too; allowed: another port$/);
    expect(others).toEqual([]);
  });

  it.each([
    ['8080', '127.0.0.1:8081'],
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['127.0.0.1:8080', '127.0.0.2:8080'],
    ['8080', '[::1]:8080'],
    ['10.0.0.1:8080', 'localhost:8080'],
  ])('listen %s and admin.listen %s do not', (listen, admin) => {
    expect(both(listen, admin)).toEqual([]);
  });

  it.each([
    ['8080', 'http://127.0.0.1:8080'],
    ['8080', 'http://localhost:8080'],
    ['8080', 'http://127.0.0.53:8080'],
    ['[::]:8080', 'http://[::1]:8080'],
    ['127.0.0.1:80', 'http://127.0.0.1'],
    ['127.0.0.1:443', 'https://127.0.0.1'],
    ['127.0.0.1:8080', 'http://0.0.0.0:8080'],
    ['10.0.0.1:8080', 'http://10.0.0.1:8080'],
    ['proxy:8080', 'http://PROXY:8080'],
  ])('listen %s and the origin %s do', (listen, url) => {
    expect(origin(listen, url)).toEqual([
      expect.stringMatching(/^--origin: found https?:\S+, which is Freshet itself \(listen is \S+\); allowed: another server$/),
    ]);
  });

  it('admin.listen and an origin do', () => {
    expect(origin('8080', 'http://127.0.0.1:9090')).toEqual([
      '--origin: found http://127.0.0.1:9090, which is Freshet itself (admin.listen is 127.0.0.1:9090); allowed: another server',
    ]);
  });

  it.each([
    ['8080', 'http://api:8080'],
    ['8080', 'http://10.0.0.1:8080'],
    ['8080', 'http://127.0.0.1:5000'],
    ['8080', 'http://[::1]:8080'],
    ['0', 'http://127.0.0.1:80'],
    ['127.0.0.1:8080', 'http://127.0.0.2:8080'],
  ])('listen %s and the origin %s do not', (listen, url) => {
    expect(origin(listen, url)).toEqual([]);
  });
});
