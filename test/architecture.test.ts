// DESIGN section 3: which folder may import which, and that http/ and rules/ are pure.
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const inside = ['http', 'rules', 'config', 'store', 'observe', 'origin', 'purge', 'cluster', 'identity', 'events'];

/** What each folder may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  http: [],
  rules: ['http'],
  config: ['http', 'rules', 'events', 'errors.ts', 'clock.ts'],
  store: ['http', 'rules', 'errors.ts', 'clock.ts'],
  observe: ['http', 'rules', 'errors.ts', 'clock.ts'],
  origin: ['http', 'errors.ts', 'clock.ts'],
  purge: ['http', 'rules', 'store', 'errors.ts', 'clock.ts'],
  cluster: ['http', 'rules', 'purge', 'errors.ts', 'clock.ts'],
  identity: ['http', 'rules', 'errors.ts', 'clock.ts'],
  events: ['http', 'rules', 'purge', 'cluster', 'errors.ts', 'clock.ts', 'pause.ts'],
  map: ['http', 'rules', 'config', 'observe', 'purge'],
  audit: ['http', 'rules', 'config', 'map', 'store', 'observe', 'origin', 'purge', 'proxy', 'clock.ts'],
  proxy: [...inside, 'errors.ts', 'clock.ts'],
  admin: [...inside, 'proxy', 'errors.ts', 'clock.ts'],
  validate: ['config', 'errors.ts'],
  commands: [...inside, 'map', 'proxy', 'admin', 'validate', 'errors.ts', 'clock.ts', 'app.ts'],
  'clock.ts': [],
  'pause.ts': [],
  'errors.ts': ['http', 'rules'],
  workers: [...inside, 'audit', 'map', 'proxy', 'admin', 'errors.ts', 'clock.ts'],
  'control.ts': [...inside, 'audit', 'map', 'errors.ts', 'clock.ts', 'pause.ts'],
  'thread.ts': [...inside, 'audit', 'map', 'proxy', 'errors.ts', 'clock.ts'],
  'service.ts': [...inside, 'map', 'admin'],
  'alone.ts': [...inside, 'map', 'proxy', 'admin', 'clock.ts', 'control.ts', 'thread.ts', 'service.ts'],
  'team.ts': [...inside, 'map', 'admin', 'workers', 'errors.ts', 'clock.ts', 'control.ts', 'service.ts'],
  'app.ts': [...inside, 'map', 'admin', 'workers', 'clock.ts', 'control.ts', 'service.ts', 'alone.ts', 'team.ts'],
  'worker.ts': [...inside, 'map', 'proxy', 'admin', 'workers', 'clock.ts', 'thread.ts'],
  'main.ts': [...inside, 'proxy', 'admin', 'commands', 'errors.ts', 'clock.ts', 'app.ts'],
};

const PURE = new Set(['http', 'rules']);
const PURE_OF_NET = new Set(['BlockList', 'isIP', 'isIPv6']);

interface Import {
  readonly isType: boolean;
  readonly names: readonly string[];
  readonly from: string;
}

const files = globSync('**/*.ts', { cwd: 'src' }).map((path) => path.replaceAll('\\', '/'));

function folderOf(path: string): string {
  return path.split('/')[0] as string;
}

function codeOf(path: string): string {
  return readFileSync(`src/${path}`, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|[\s;{}])\/\/.*$/gm, '');
}

function importsOf(path: string): Import[] {
  const code = codeOf(path);
  const named = [...code.matchAll(/^(?:import|export)\s+(type\s+)?([\w*{},\s]+?)\s+from\s+'([^']+)'/gm)].map(([, type, names = '', from = '']) => {
    const specifiers = names.split(/[{},]/).map((name) => name.trim());
    const isType = type !== undefined || specifiers.every((name) => name === '' || name.startsWith('type '));
    return { isType, names: specifiers.filter((name) => name !== ''), from };
  });
  const bare = [...code.matchAll(/\bimport\s*\(?\s*'([^']+)'/g)].map(([, from = '']) => ({ isType: false, names: [], from }));
  return [...named, ...bare];
}

function forbiddenImports(path: string): string[] {
  const own = folderOf(path);
  return importsOf(path).flatMap(({ isType, names, from }) => {
    if (!from.startsWith('.')) return !PURE.has(own) || isType || isPurePackage(from, names) ? [] : [from];
    const target = posix.join(posix.dirname(path), from);
    const isAllowed = folderOf(target) === own || MAY_IMPORT[own]?.includes(folderOf(target)) === true;
    return isAllowed ? [] : [target];
  });
}

function isPurePackage(from: string, names: readonly string[]): boolean {
  if (from === 'node:net') return names.every((name) => PURE_OF_NET.has(name));
  return from === 'structured-headers';
}

const IMPURE =
  /\bthrow\b|\bDate\.now\b|\bDate\(\)|\b(?:process|performance|crypto|console|globalThis)\.|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\(|\bawait\b|\basync\b/;

describe('the direction of imports', () => {
  it.each(files)('%s', (path) => {
    expect(Object.keys(MAY_IMPORT)).toContain(folderOf(path));
    expect(forbiddenImports(path)).toEqual([]);
  });
  it('is seen', () => {
    expect(importsOf('rules/ranges.ts').map(({ from }) => from)).toContain('../http/range.ts');
    expect(importsOf('rules/ranges.ts').find(({ from }) => from === './stored-response.ts')?.isType).toBe(true);
  });
});

/** The protocol between nodes without its driver: PURGE-PROTOCOL §3.5. */
const PURE_FILES: ReadonlySet<string> = new Set(
  [
    'barriers',
    'deadlines',
    'lease-terms',
    'log-position',
    'node-core',
    'node-messages',
    'owed-purges',
    'pending-purge',
    'purge-desk',
    'purge-queue',
    'silent-nodes',
  ].map((name) => `cluster/${name}.ts`),
);

describe('http/, rules/ and the protocol between nodes read no clock, do no I/O and never throw', () => {
  it.each(files.filter((path) => PURE.has(folderOf(path)) || PURE_FILES.has(path)))('%s', (path) =>
    expect(IMPURE.exec(codeOf(path))?.[0]).toBeUndefined(),
  );
});
