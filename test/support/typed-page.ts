// What a page of the documents types: the commands of its console blocks, what it shows below them, and what curl would send.
import { expect } from 'vitest';

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
  const [body] = after('-d');
  const url = new URL(filled.find((word) => word.startsWith('http')) ?? '');
  return {
    url,
    method: after('-X')[0] ?? (body === undefined ? 'GET' : 'POST'),
    fields: [...fields, ...cookies],
    ...(body === undefined ? {} : { body }),
  };
}
