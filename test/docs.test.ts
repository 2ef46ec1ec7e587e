// Is the README true? Its tables are those of the code, what it names exists, its examples load. STYLE "Principles" 7.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Report, reportText } from '../bench/beside/report.ts';
import { loadConfig } from '../src/config/load.ts';
import { parsePurgeBody } from '../src/purge/endpoint.ts';
import { COMMANDS } from '../src/commands/usage.ts';
import { defaultsKeys, failureRows, limitRows, metricRows, NO_DEFAULT, reasonRows, type Row, routeRows, settingRows } from './docs-tables.ts';

const root = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const manifest = z
  .object({ version: z.string(), scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')));

/** The rows of the table after `<!-- table: NAME -->`, without its head. */
function tableRows(name: string): Row[] {
  const [, after = ''] = readme.split(`<!-- table: ${name} -->\n\n`);
  const lines = after.slice(0, /\n(?!\|)/.exec(after)?.index).split('\n');
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

/** Contents of the fenced blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1] ?? '');
}

const prose = readme.replaceAll(/^```.*?^```$/gms, '');

describe('tables are those of the code, row by row', () => {
  const cases: [string, () => readonly Row[]][] = [
    ['settings', settingRows],
    ['routes', routeRows],
    ['reasons', reasonRows],
    ['metrics', metricRows],
    ['limits', limitRows],
    ['failures', failureRows],
  ];
  it.each(cases)('%s', (name, expected) => {
    expect(expected().length).toBeGreaterThan(0);
    expect(tableRows(name)).toEqual(expected());
  });

  it('a route without settings has the defaults that its table states', () => {
    const stated = tableRows('routes').filter(([, , byDefault]) => byDefault !== NO_DEFAULT);
    const written = stated.map(([name = '', , byDefault = '']) => `  ${name.slice(1, -1)}: ${byDefault.slice(1, -1)}`).join('\n');
    expect(defaultRoute(`defaults:\n${written}`)).toEqual(defaultRoute(''));
  });

  it('`defaults` takes what routes take, but path, host and methods', () => {
    const names = tableRows('routes').map(([name = '']) => name.slice(1, -1));
    expect(names.filter((name) => !['path', 'host', 'methods'].includes(name)).toSorted()).toEqual(defaultsKeys().toSorted());
  });
});

function defaultRoute(text: string): unknown {
  return loadConfig({ text, env: {}, overrides: { origin: 'http://127.0.0.1:5000' } }).defaultRoute;
}

describe('what it names exists', () => {
  it('files', () => {
    const named = [...readme.matchAll(/`([^`\n]+)`|\]\(([^)#\s]+)\)/g)].map((match) => match[1] ?? match[2] ?? '');
    const paths = named.filter((name) => /^(?:(?:src|config|bench|test|\.ci)(?:\/[\w.-]+)+|Dockerfile|\w+\.(?:md|json))$/.test(name));
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it('npm scripts', () => {
    const run = [...readme.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map((match) => match[1] ?? match[2] ?? '');
    expect(new Set(run)).toContain('demo');
    expect(run.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  });

  it('headings that it links to', () => {
    const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map((match) => slug(match[1] ?? ''));
    const links = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
  });

  it('every command, and no other', () => {
    const words = [...prose.matchAll(/`freshet (?:\[(\w+)\] )?([a-z]+)?/g)].map((match) => match[1] ?? match[2]);
    expect(new Set(words.filter((word) => word !== undefined))).toEqual(new Set(COMMANDS));
  });

  it("the package's version, in CHANGELOG.md", () => {
    expect(readFileSync(new URL('CHANGELOG.md', root), 'utf8')).toMatch(new RegExp(`^## .*${RegExp.escape(manifest.version)}`, 'm'));
  });
});

it('its figures beside other servers are those that were kept', () => {
  const kept = readFileSync(new URL('bench/results/beside.json', root), 'utf8');
  const text = reportText(Report.parse(JSON.parse(kept)));
  expect(readFileSync(new URL('bench/results/beside.md', root), 'utf8')).toBe(`${text}\n`);
  const [, quoted] = readme.split(/<!-- (?:end of )?report: bench\/results\/beside.md -->\n/);
  expect(quoted?.trim()).toBe(text);
});

/** As GitHub makes an anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .replaceAll(' ', '-');
}

describe('its examples are valid', () => {
  const env = { FRESHET_PURGE_TOKEN: 'secret', FRESHET_ADMIN_TOKEN: 'secret', FRESHET_SECRET: 'a-secret-of-thirty-two-characters' };

  it('YAML', () => {
    expect(blocks('yaml').length).toBeGreaterThan(1);
    for (const text of blocks('yaml')) expect(() => loadConfig({ text, env, overrides: {} })).not.toThrow();
  });

  it('bodies of POST /v1/purge', () => {
    const bodies = [...readme.matchAll(/\/v1\/purge -d '([^']+)'/g)].map((match) => match[1] ?? '');
    expect(bodies.length).toBeGreaterThan(1);
    expect(bodies.map((text) => parsePurgeBody(text, { actor: 'test', fields: [], scopes: ['authorization'] }).kind)).toEqual(
      bodies.map(() => 'order'),
    );
  });
});
