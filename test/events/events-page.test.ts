// docs/events.md: its configurations load, its tables name what there is, and its signed event is taken.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { SECRET } from './signed.ts';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1] ?? '');

it('its configurations load', () => {
  expect(blocks('yaml').length).toBeGreaterThan(1);
  for (const text of blocks('yaml')) expect(() => loadConfig({ text, env: { FRESHET_WEBHOOK_SECRET: SECRET }, overrides: {} })).not.toThrow();
});

it('its links lead somewhere', () => {
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
});

it('its table of results has every one', () => {
  const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  expect(named).toEqual(['purged', 'unmatched', 'duplicate', 'rejected', 'malformed', 'failed']);
});

describe('its signed event', () => {
  const [, script = ''] = /<!-- run -->\n```sh\n(.*?)```/s.exec(page) ?? [];
  const config = blocks('yaml').find((text) => text.includes('webhook:')) ?? '';

  it.each([
    { secret: SECRET, expected: 'purged' },
    { secret: `whsec_${Buffer.alloc(32).toString('base64')}`, expected: '401' },
  ])('is $expected', async ({ secret, expected }) => {
    const yaml = `log: { level: silent }\n${config.replace(/\$\{FRESHET_WEBHOOK_SECRET\}/, SECRET)}`;
    await using freshet = await RunningFreshet.start(yaml);
    const { host, port } = freshet.adminAddress;
    const run = promisify(execFile);
    const { stdout } = await run('sh', ['-e', '-c', script.replace('127.0.0.1:8081', `${host}:${port}`)], {
      env: { ...process.env, FRESHET_WEBHOOK_SECRET: secret },
    });
    expect(stdout).toContain(expected);
  });
});
