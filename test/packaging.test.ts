// Is what goes out what is meant? The image as its Dockerfile writes it (nothing here builds it), and the two commands of the README.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findPage } from '../src/admin/pages.ts';
import { loadConfig } from '../src/config/load.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const texts = z.record(z.string(), z.string());
const manifest = z.object({ scripts: texts, bin: texts, dependencies: texts, devDependencies: texts }).parse(JSON.parse(read('package.json')));

interface Instruction {
  readonly name: string;
  readonly words: string;
}

interface DockerStage {
  readonly base: string;
  readonly name: string | undefined;
  readonly steps: readonly Instruction[];
}

function stagesOf(text: string): readonly DockerStage[] {
  const lines = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const steps = [...lines.matchAll(/^([A-Z]+) +(.+)$/gm)].map(([, name = '', words = '']) => ({ name, words }));
  const starts = steps.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, index) => {
    const [, base = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(steps[start]?.words ?? '') ?? [];
    return { base, name, steps: steps.slice(start + 1, starts[index + 1]) };
  });
}

const stages = stagesOf(read('Dockerfile'));
const final = stages.at(-1);

function wordsOf(stage: DockerStage | undefined, name: string): readonly string[] {
  return (stage?.steps ?? []).filter((step) => step.name === name).map(({ words }) => words);
}

function stageNamed(name: string): DockerStage | undefined {
  return stages.find((stage) => stage.name === name);
}

describe('the image', () => {
  it('is built and run by the Node that package.json pins', () => {
    const images = stages.map(({ base }) => base).filter((base) => base !== 'scratch');
    const tags = images.map((image) => image.replace(/-(slim|alpine)$/, ''));
    expect(new Set(tags)).toEqual(new Set([`node:${manifest.devDependencies['node']}`]));
    expect(images).toHaveLength(2);
  });

  it('is not root, and ends on the signal that drains', () => {
    expect([wordsOf(final, 'USER'), wordsOf(final, 'STOPSIGNAL')]).toEqual([['node'], ['SIGTERM']]);
  });

  it('asks for its health where the admin listener is by default', () => {
    const [check = '', ...others] = wordsOf(final, 'HEALTHCHECK');
    expect(others).toEqual([]);
    const [, variable = '', path = ''] = /http:\/\/127\.0\.0\.1:\$\{(\w+)\}(\/[\w/]+)/.exec(check) ?? [];
    expect(findPage('GET', path)).toMatchObject({ right: 'none' });
    const { admin } = loadConfig({ env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
    expect(wordsOf(final, 'ENV').join(' ').split(' ')).toContain(`${variable}=${admin?.listen.port}`);
  });

  it('holds no development dependencies', () => {
    const build = stageNamed('build');
    const runs = wordsOf(build, 'RUN');
    const installed = runs.findIndex((run) => run.startsWith('npm ci '));
    const pruned = runs.findIndex((run) => /^npm prune .*--omit=dev\b/.test(run));
    expect([installed, pruned]).toEqual([0, runs.length - 1]);
    expect(wordsOf(stageNamed('runtime'), 'COPY').filter((words) => words.includes('--from='))).toEqual([
      '--from=build /app/node_modules /app/node_modules',
      '--from=build /app/dist /app/dist',
    ]);
    expect(wordsOf(final, 'COPY')).toEqual(['--from=runtime / /']);
    for (const stage of [stageNamed('runtime'), final]) expect(wordsOf(stage, 'RUN').filter((run) => /\bnpm (ci|i|install)\b/.test(run))).toEqual([]);
  });

  it('starts the command that package.json names, and is made only of what is sent to the build', () => {
    expect(wordsOf(final, 'ENTRYPOINT')).toEqual([`["node", "/app/${manifest.bin['freshet']}"]`]);
    const sent = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = stages.flatMap((stage) => wordsOf(stage, 'COPY')).filter((words) => !words.startsWith('--from='));
    const sources = copied.flatMap((words) => words.split(' ').slice(0, -1));
    expect(new Set(sources)).toEqual(new Set(sent));
    expect(sources.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  });
});

describe('the two commands', () => {
  const [, block = ''] = /^## Two commands\n.*?^```sh\n(.*?)^```$/ms.exec(read('README.md')) ?? [];
  const commands = block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''));

  it('are the demo and the tests', () => {
    expect(commands).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  it.each(['demo', 'test'])('%s runs what is there', (name) => {
    const [program = '', argument = ''] = manifest.scripts[name]?.split(' ') ?? [];
    if (program === 'node') expect(existsSync(new URL(`../${argument}`, import.meta.url))).toBe(true);
    else expect(manifest.devDependencies).toHaveProperty(program);
  });

  it('are what CI runs', () => {
    const steps = [...read('.ci/run').matchAll(/^step \w+ (.*)$/gm)].map(([, step = '']) => step);
    expect(steps.some((step) => step.startsWith('npm ci '))).toBe(true);
    expect(steps.some((step) => step.startsWith('npm test '))).toBe(true);
    expect(steps.some((step) => /^npm run (--silent )?demo\b/.test(step))).toBe(true);
  });
});
