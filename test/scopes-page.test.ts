// docs/scopes.md, typed: its console blocks are played against its examples, and each must show what the page says; its other commands are those by which
// the programs are started here. STYLE "Principles" 7.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { startChild, startFreshet } from './support/child-process.ts';
import { play, typedIn } from './support/typed-page.ts';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/scopes.md', root), 'utf8');

const walks = [
  { heading: 'A team with JWTs', api: 'examples/jwt-api.ts', config: 'examples/jwt.yaml' },
  { heading: 'A team with session cookies', api: 'examples/session-api.ts', config: 'examples/session.yaml' },
];

/** As it is typed in the repository, with no Node of the test's own in front. */
function run(command: string, args: readonly string[]): string {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return execFileSync(command, args, { cwd: root, env: { ...process.env, PATH: path.join(delimiter) }, encoding: 'utf8' });
}

function sectionOf(heading: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
}

describe('docs/scopes.md, typed', () => {
  it.each(walks)('$heading', async ({ heading, api, config }) => {
    await using child = startChild({ name: api, args: [fileURLToPath(new URL(api, root))], env: { ...process.env, PORT: '0' } });
    const [, apiPort = ''] = await child.says(/port: (\d+)/);
    const env = { ...process.env, PORT: apiPort };
    await using freshet = await startFreshet({ args: ['--config', fileURLToPath(new URL(config, root))], env });
    const urls = new Map([
      ['5000', `http://127.0.0.1:${apiPort}`],
      ['8080', freshet.url],
      ['8081', freshet.adminUrl],
    ]);
    const typed = typedIn(sectionOf(heading));
    expect(typed.length).toBeGreaterThan(8);
    await play(typed, urls);
  });

  it.each(walks)('$heading: starts the programs that are typed at, the first with the Node that is pinned', ({ heading, api, config }) => {
    const blocks = [...sectionOf(heading).matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]);
    expect(blocks).toEqual([`npx node ${api}\n`, `npm start -s -- check --config ${config}\nnpm start -s -- --config ${config}\n`]);
    const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { devDependencies: { node: string } };
    expect(run('npx', ['node', '--version'])).toBe(`v${devDependencies.node}\n`);
    const checked = run('npm', ['start', '-s', '--', 'check', '--config', config]);
    expect(checked).toContain('routes, in the order in which they are tried');
    expect(checked).not.toContain('npm');
    expect(checked).not.toContain('> ');
  });

  it.each(walks)('shows $config as it is', ({ config }) => {
    const [, shown] = page.split(`<!-- file: ${config} -->\n\n\`\`\`yaml\n`);
    expect(shown?.split('```')[0]).toBe(readFileSync(new URL(config, root), 'utf8'));
  });
});
