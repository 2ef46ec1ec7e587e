// Is docs/strategies.md true? Its presets and reasons are those of the code, and its example loads without a warning.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readConfig } from '../src/config/load.ts';
import { STRATEGY_TEXTS } from '../src/config/strategies.ts';
import { warningsOf } from '../src/config/warnings.ts';
import { STRATEGIES } from '../src/rules/routes.ts';

const page = readFileSync(new URL('../docs/strategies.md', import.meta.url), 'utf8');

it.each(STRATEGIES)('%s', (strategy) => {
  const [, section = ''] = page.split(`## \`strategy: ${strategy}\`\n\n`);
  const { about, presets } = STRATEGY_TEXTS[strategy];
  expect(
    section
      .replaceAll('`', '')
      .toLowerCase()
      .startsWith(about.split(/[:,]/)[0]?.toLowerCase() ?? '?'),
  ).toBe(true);
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(.+?)` \| (.+) \|$/gm)].map(([, preset, why]) => [preset, why]);
  expect(rows).toEqual(presets.map(({ setting, value, why }) => [`${setting}: ${value}`, why]));
});

it('its example', () => {
  const [, text = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
  const { config, file } = readConfig({ text, env: {}, overrides: {} });
  expect(new Set(config.routes.map(({ strategy }) => strategy))).toEqual(new Set(STRATEGIES));
  expect(warningsOf(file)).toEqual([]);
});
