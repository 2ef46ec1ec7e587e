// docs/flask.md, typed: its console blocks are played against the shop and Freshet, its code and files are those of the example, its other commands those
// by which the programs are started here, and what it shows of a validation is what one says.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { runFreshet } from '../commands/run.ts';
import { FlaskShop, hasFlask, PYTHON } from '../support/flask.ts';
import { play, typedIn } from '../support/typed-page.ts';

const root = new URL('../../', import.meta.url);
const page = read('docs/flask.md');

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1] ?? '');
}

function timeless(text: string): string {
  return text.replaceAll(/\d+/g, 'N');
}

describe.skipIf(!hasFlask)('docs/flask.md, typed', { timeout: 120_000 }, () => {
  it('every command, and then a validation', async () => {
    await using shop = await FlaskShop.start();
    const urls = new Map([
      ['5000', shop.url],
      ['8080', shop.freshet.url],
      ['8081', shop.freshet.adminUrl],
    ]);
    const typed = typedIn(page);
    expect(typed.length).toBeGreaterThan(20);
    await play(typed, urls);
    const { code, out } = await runFreshet(['validate', '--config', 'examples/flask-shop/validate.yaml'], await shop.exported());
    expect(out).toContain(blocks('text')[1]);
    expect(code).toBe(0);
  });

  it('a validation that finds what SHOP_FAULT=forget plants', async () => {
    await using shop = await FlaskShop.start({ env: { SHOP_FAULT: 'forget' } });
    const { code, out } = await runFreshet(['validate', '--config', 'examples/flask-shop/validate.yaml'], await shop.exported());
    expect(timeless(out)).toContain(timeless(blocks('text')[2] ?? ''));
    expect(code).toBe(1);
  });

  it("the example's own tests", () => {
    expect(blocks('sh').at(-1)).toBe('/usr/bin/python3 -m unittest discover examples/flask-shop\n');
    execFileSync(PYTHON, ['-B', '-m', 'unittest', 'discover', 'examples/flask-shop'], { cwd: root, stdio: 'pipe' });
  });
});

describe('docs/flask.md shows', () => {
  it('code as it is', () => {
    const shown = [...page.matchAll(/<!-- from: (\S+) -->\n\n```python\n(.*?)^```$/gms)];
    expect(shown.length).toBe(blocks('python').length);
    for (const [, file = '', code = ''] of shown) expect(read(file), file).toContain(code);
  });

  it('files as they are', () => {
    const shown = [...page.matchAll(/<!-- file: (\S+) -->\n\n```\w+\n(.*?)^```$/gms)];
    expect(shown.map(([, file]) => file)).toEqual(['examples/flask-shop/freshet.yaml', 'examples/flask-shop/outbox.sql']);
    for (const [, file = '', text] of shown) expect(text, file).toBe(read(file));
  });

  it('configurations that load, the first without a warning', async () => {
    const [whole = '', outbox = ''] = blocks('yaml');
    const env = { SHOP_DATABASE: 'postgres://127.0.0.1/shop' };
    expect(() => loadConfig({ text: `${whole}${outbox}`, env, overrides: {} })).not.toThrow();
    const { code, err } = await runFreshet(['check', '--strict', '--config', 'examples/flask-shop/freshet.yaml']);
    expect([code, err]).toEqual([0, '']);
  });

  it('what the map says of the first', async () => {
    const { code, out } = await runFreshet(['map', '--config', 'examples/flask-shop/freshet.yaml']);
    expect(out).toContain(blocks('text')[0]);
    expect(out).toMatch(/\nfindings: none\n$/);
    expect(code).toBe(0);
  });

  it('commands that exist', () => {
    const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));
    expect(commands).toContain('npm start -s -- check --strict --config examples/flask-shop/freshet.yaml');
    expect(commands).toContain('npm start -s -- map --config examples/flask-shop/freshet.yaml');
    expect(commands).toContain('npm run -s validate -- --config examples/flask-shop/validate.yaml');
    expect(commands).toContain('MAY_LAG=1s npm run -s validate -- --config examples/flask-shop/validate.yaml');
    const files = commands.flatMap((command) => command.match(/examples\/[\w./-]+/g) ?? []);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });

  it('links to headings and pages that are there', () => {
    const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9 ]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => link.startsWith('#') && !anchors.includes(link.slice(1)))).toEqual([]);
    const pages = links.filter((link) => !link.startsWith('#')).map((link) => link.replace(/#.*/, ''));
    expect(pages.filter((link) => !existsSync(new URL(link, new URL('docs/', root))))).toEqual([]);
  });
});
