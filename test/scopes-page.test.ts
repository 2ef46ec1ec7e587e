// docs/scopes.md, typed: its console blocks are played against its examples, and each must show what the page says. STYLE "Principles" 7.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { freePort, startChild, startFreshet, untilAnswers } from './support/child-process.ts';
import { type Answer, get } from './support/client.ts';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/scopes.md', root), 'utf8');

const walks = [
  { heading: 'A team with JWTs', api: 'examples/jwt-api.ts', config: 'examples/jwt.yaml' },
  { heading: 'A team with session cookies', api: 'examples/session-api.ts', config: 'examples/session.yaml' },
];

interface Typed {
  /** The shell's variable that takes the body. */
  readonly into?: string;
  readonly command: string;
  /** What the page shows below it. */
  readonly shown: readonly string[];
}

function sectionOf(heading: string): string {
  return page.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
}

function typedIn(section: string): Typed[] {
  const blocks = [...section.matchAll(/^```console\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map(readCommand);
}

function readCommand(text: string): Typed {
  const [line = '', ...shown] = text.trimEnd().split('\n');
  const assigned = /^(\w+)=\$\((.*)\)$/.exec(line);
  return assigned === null ? { command: line, shown } : { into: assigned[1] ?? '', command: assigned[2] ?? '', shown };
}

/** What curl would send. */
function readCurl(command: string, variables: ReadonlyMap<string, string>) {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const filled = words.map((word) =>
    word.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => variables.get(name) ?? expect.fail(`${name} is not set`)),
  );
  const after = (flag: string): string[] => filled.flatMap((word, i) => (word === flag ? [filled[i + 1] ?? ''] : []));
  const fields = after('-H').flatMap((field) => field.split(/: (.*)/s).slice(0, 2));
  const cookies = after('-b').flatMap((cookie) => ['cookie', cookie]);
  const [body] = after('-d');
  const url = new URL(filled.find((word) => word.startsWith('http')) ?? '');
  return {
    url,
    method: after('-X')[0] ?? (body === undefined ? 'GET' : 'POST'),
    fields: [...fields, ...cookies],
    ...(body === undefined ? {} : { body }),
  };
}

function expectShown(answer: Answer, line: string, command: string): void {
  const [, status] = /^cache-status: (.*)$/.exec(line) ?? [];
  if (status === undefined) expect(answer.body, command).toContain(line);
  // A second may pass between the two requests.
  else expect(answer.field('cache-status'), command).toMatch(new RegExp(`^${status.replace('ttl=599', String.raw`ttl=59\d`)}$`));
}

describe('docs/scopes.md, typed', () => {
  it.each(walks)('$heading', async ({ heading, api, config }) => {
    const env = { ...process.env, PORT: String(await freePort()) };
    const apiUrl = `http://127.0.0.1:${env.PORT}`;
    await using child = startChild({ name: api, args: [fileURLToPath(new URL(api, root))], env });
    await untilAnswers(child, `${apiUrl}/login?user=ada`);
    await using freshet = await startFreshet({ args: ['--config', fileURLToPath(new URL(config, root))], env });
    const urls = new Map([
      ['5000', apiUrl],
      ['8080', freshet.url],
      ['8081', freshet.adminUrl],
    ]);
    const variables = new Map<string, string>();
    const typed = typedIn(sectionOf(heading));
    expect(typed.length).toBeGreaterThan(8);
    for (const { into, command, shown } of typed) {
      const { url, ...asking } = readCurl(command, variables);
      const { hostname, port } = new URL(urls.get(url.port) ?? expect.fail(url.port));
      const answer = await get({ host: hostname, port: Number(port) }, `${url.pathname}${url.search}`, asking);
      if (into !== undefined) variables.set(into, answer.body);
      for (const line of shown) expectShown(answer, line, command);
    }
  });

  it.each(walks)('shows $config as it is', ({ config }) => {
    const [, shown] = page.split(`<!-- file: ${config} -->\n\n\`\`\`yaml\n`);
    expect(shown?.split('```')[0]).toBe(readFileSync(new URL(config, root), 'utf8'));
  });
});
