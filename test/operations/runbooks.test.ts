// docs/runbooks, typed: the commands of each page are given to a running Freshet with the fault that the page is about, and must show what it says.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMMANDS } from '../../src/commands/usage.ts';
import { FINDING_KINDS } from '../../src/map/findings.ts';
import { METRICS } from '../../src/observe/metric-table.ts';
import { REASONS } from '../../src/rules/reasons.ts';
import { runFreshet } from '../commands/run.ts';
import { type Answer, get } from '../support/client.ts';
import { hasRedis } from '../support/redis.ts';
import { readCurl, type Typed, typedIn, wordsOf } from '../support/typed-page.ts';
import { FAULTS, type Stage } from './faults.ts';

const root = new URL('../../', import.meta.url);
const folder = new URL('docs/runbooks/', root);
const pages = readdirSync(folder).map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));

const ALERTS = z.object({
  groups: z.array(z.object({ rules: z.array(z.looseObject({ alert: z.string(), annotations: z.object({ runbook: z.string() }) })) })),
});
const alerts = ALERTS.parse(parse(readFileSync(new URL('config/prometheus/alerts.yaml', root), 'utf8'))).groups.flatMap(({ rules }) => rules);

const NO_VARIABLES = new Map<string, string>();

/** With a hyphen: reasons, kinds of findings, states of purges, and words of HTTP. */
const KNOWN_WORDS: ReadonlySet<string> = new Set([
  ...Object.keys(REASONS),
  ...FINDING_KINDS,
  'out-of-holds',
  'no-store',
  's-maxage',
  'must-revalidate',
  'uri-miss',
  'vary-miss',
]);

/** So long an operator looks again: a Redis that is back has been found by then. */
const PATIENCE_MS = 20_000;

/** Of what needs Redis. */
const OVER_REDIS = new Set(['redis-away', 'redis-stalls', 'silent-node', 'events-wait']);

describe('pages and alerts', () => {
  it.each(alerts)('$alert has its page, which names it', ({ alert, annotations }) => {
    const page = pages.find(({ file }) => annotations.runbook === `docs/runbooks/${file}`);
    expect(page?.text).toContain(`Alert: \`${alert}\``);
  });

  it.each(pages)('$file names the alert or the symptom that it is for, a fault, and pages that are there', ({ file, text }) => {
    const named = [...text.matchAll(/^Alert: `(\w+)`$/gm)].map((match) => match[1]);
    const mine = alerts.filter(({ annotations }) => annotations.runbook === `docs/runbooks/${file}`).map(({ alert }) => alert);
    expect(named).toEqual(mine);
    expect(named.length > 0 || /^Symptom: \S/m.test(text)).toBe(true);
    expect(Object.keys(FAULTS)).toContain(faultOf(text));
    const links = [...text.matchAll(/\]\(([\w-]+\.md)\)/g)].map((match) => match[1]);
    expect(links.filter((link) => !pages.some((page) => page.file === link))).toEqual([]);
  });

  it.each(pages)('$file names only metrics and words that there are', ({ text }) => {
    const metrics = [...text.matchAll(/`(freshet_[a-z_]+)/g)].map((match) => match[1] ?? '');
    expect(metrics.filter((name) => !METRICS.some((row) => row.name === name))).toEqual([]);
    const words = [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map((match) => match[1] ?? '');
    expect(words.filter((word) => !KNOWN_WORDS.has(word))).toEqual([]);
  });

  it('has a page for each symptom that people report', () => {
    const symptoms = pages.flatMap(({ text }) => [...text.matchAll(/^Symptom: (.*)$/gm)].map((match) => match[1]));
    expect(symptoms.length).toBeGreaterThanOrEqual(6);
  });
});

describe('typed, with the fault', () => {
  it.each(pages)('$file', { timeout: 60_000 }, async ({ text }) => {
    const fault = faultOf(text);
    if (OVER_REDIS.has(fault) && !hasRedis) return;
    await using stage = await (FAULTS[fault] ?? expect.fail(`there is no fault ${fault}`))();
    const typed = typedIn(text);
    expect(typed.length).toBeGreaterThan(1);
    for (const step of typed) await type(step, stage);
  });
});

function faultOf(text: string): string {
  return /^<!-- fault: ([\w-]+) -->$/m.exec(text)?.[1] ?? '';
}

/** What only looks is typed until it shows what it should: an operator looks again too. */
async function type({ command, shown }: Typed, stage: Stage): Promise<void> {
  expect(shown.length > 0 || command.startsWith('systemctl'), `${command} shows nothing`).toBe(true);
  const isLook = command.startsWith('curl') && command.includes(':8081');
  for (const startedAt = performance.now(); ; ) {
    const output = plain(await outputOf(command, stage));
    const missing = shown.filter((line) => !output.includes(plain(line)));
    if (missing.length === 0) return;
    const isLast = !isLook || performance.now() - startedAt > PATIENCE_MS;
    if (isLast) return expect(output, `${command}\nshould show: ${missing.join('\n')}`).toContain(plain(missing[0] ?? ''));
  }
}

/** Columns and cases of letters are no part of what is shown. */
function plain(text: string): string {
  return text.replaceAll(/[ \t]+/g, ' ').toLowerCase();
}

async function outputOf(command: string, stage: Stage): Promise<string> {
  const [first = '', filter] = command.split(' | ');
  const output = await firstOutput(first, stage);
  if (filter === undefined) return output;
  const words = wordsOf(filter, NO_VARIABLES);
  expect(['grep', 'grep -E']).toContain(words.slice(0, -1).join(' '));
  const pattern = new RegExp(words.at(-1) ?? '');
  return output
    .split('\n')
    .filter((line) => !line.startsWith('#') && pattern.test(line))
    .join('\n');
}

async function firstOutput(command: string, stage: Stage): Promise<string> {
  if (command === 'systemctl start redis-server') {
    stage.redis?.start();
    return '';
  }
  if (command.startsWith('curl ')) return curl(command, stage);
  const [program, ...args] = wordsOf(command, NO_VARIABLES);
  expect([program, COMMANDS.includes(args[0] ?? '')]).toEqual(['freshet', true]);
  const { host, port } = stage.at('8081');
  const { out, err } = await runFreshet([...args, '--admin', `http://${host}:${port}`]);
  return out + err;
}

async function curl(command: string, stage: Stage): Promise<string> {
  const { url, ...asking } = readCurl(command, NO_VARIABLES);
  const answer = await get(stage.at(url.port), `${url.pathname}${url.search}`, { ...asking, fields: ['host', url.host, ...asking.fields] });
  return command.startsWith('curl -i ') ? headOf(answer) + answer.body : answer.body;
}

function headOf({ status, statusText, fields }: Answer): string {
  const lines = [`HTTP/1.1 ${status} ${statusText}`];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return `${lines.join('\n')}\n\n`;
}
