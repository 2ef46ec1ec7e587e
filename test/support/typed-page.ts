// What a page of the documents types: the commands of its console blocks, what it shows below them, and what curl would send; or all of it, sent and held to that.
import { expect } from 'vitest';
import { type Answer, get } from './client.ts';

/** What `…` stands for in a Cache-Status: whether what was purged was swept out by then (`uri-miss`), or was still there (`miss`, and `detail=purged`). */
const SWEPT_OR_NOT = '(?:uri-|; detail=purged)?';

export interface Typed {
  /** The shell's variable that takes the body. */
  readonly into?: string;
  readonly command: string;
  /** What the page shows below it. */
  readonly shown: readonly string[];
}

export function typedIn(section: string): Typed[] {
  const blocks = [...section.matchAll(/^```console\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map(readCommand);
}

function readCommand(text: string): Typed {
  const [line = '', ...shown] = text.trimEnd().split('\n');
  const assigned = /^(\w+)=\$\((.*)\)$/.exec(line);
  return assigned === null ? { command: line, shown } : { into: assigned[1] ?? '', command: assigned[2] ?? '', shown };
}

/** As a shell reads them: only single quotes keep a variable as it stands. */
export function wordsOf(command: string, variables: ReadonlyMap<string, string>): string[] {
  const filled = (text: string): string =>
    text.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => variables.get(name) ?? expect.fail(`${name} is not set`));
  const words = command.match(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|([^'"]+)/g, (_, plain?: string, quoted?: string, bare?: string) => {
      return plain ?? filled(quoted?.replaceAll(/\\(["\\$])/g, '$1') ?? bare ?? '');
    }),
  );
}

/** What curl would send. */
export function readCurl(command: string, variables: ReadonlyMap<string, string>) {
  const filled = wordsOf(command, variables);
  const after = (flag: string): string[] => filled.flatMap((word, i) => (word === flag ? [filled[i + 1] ?? ''] : []));
  const fields = after('-H').flatMap((field) => field.split(/: (.*)/s).slice(0, 2));
  const cookies = after('-b').flatMap((cookie) => ['cookie', cookie]);
  const [json] = after('--json');
  const [body = json] = after('-d');
  const url = new URL(filled.find((word) => word.startsWith('http')) ?? '');
  return {
    url,
    method: after('-X')[0] ?? (body === undefined ? 'GET' : 'POST'),
    fields: [...fields, ...cookies, ...(json === undefined ? [] : ['content-type', 'application/json'])],
    ...(body === undefined ? {} : { body }),
  };
}

/** Where no status is shown it is 200. */
function expectStatus({ status, statusText }: Answer, { shown, command }: Typed): void {
  const line = shown.find((candidate) => candidate.startsWith('HTTP/')) ?? 'HTTP/1.1 200 OK';
  expect(`HTTP/1.1 ${status} ${statusText}`, command).toBe(line);
}

function expectShown(answer: Answer, line: string, command: string): void {
  if (line.startsWith('HTTP/')) return;
  const [, status] = /^cache-status: (.*)$/.exec(line) ?? [];
  if (status === undefined) expect(answer.body, command).toContain(line);
  // A second may pass between the two requests.
  else
    expect(answer.field('cache-status'), command).toMatch(
      new RegExp(`^${status.replace(/(ttl=\d+)\d/, String.raw`$1\d`).replaceAll('…', SWEPT_OR_NOT)}$`),
    );
}

/** Types all of them, in order. `urls`: where the ports are that the page names. */
export async function play(typed: readonly Typed[], urls: ReadonlyMap<string, string>, variables = new Map<string, string>()): Promise<void> {
  for (const step of typed) {
    const { into, command, shown } = step;
    const { url, ...asking } = readCurl(command, variables);
    const { hostname, port } = new URL(urls.get(url.port) ?? expect.fail(url.port));
    const answer = await get({ host: hostname, port: Number(port) }, `${url.pathname}${url.search}`, asking);
    expectStatus(answer, step);
    if (into !== undefined) variables.set(into, answer.body);
    for (const line of shown) expectShown(answer, line, command);
  }
}
