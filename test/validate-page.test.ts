// docs/validate.md: its plan is one, its table has every setting with its default, and the Flask shop's plan loads.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../src/validate/load-plan.ts';
import { planSchema } from '../src/validate/plan-schema.ts';

const page = readFileSync(new URL('../docs/validate.md', import.meta.url), 'utf8');
const ENV = { ADA_TOKEN: 'a', EVE_TOKEN: 'e', CLERK_TOKEN: 'c', ADA: 'a', BOB: 'b', EVE: 'e', ROOT: 'r' };

describe('docs/validate.md', () => {
  it('shows a plan', () => {
    const [, text = ''] = /<!-- plan -->\n\n```yaml\n(.*?)^```$/ms.exec(page) ?? [];
    const plan = loadPlan({ file: 'docs/validate.md', text, env: ENV });
    expect(plan.resources.map(({ name }) => name)).toEqual(['product', 'price', 'address']);
  });

  it('names every setting of the file, with its default', () => {
    const rows = [...page.matchAll(/^\| (`.*?) \| (.*?) \| .* \|$/gm)].map(
      ([, names = '', byDefault = '']) => [[...names.matchAll(/`([\w.[\]]+)`/g)].map((match) => match[1] ?? ''), byDefault] as const,
    );
    const named = rows.flatMap(([names]) => names.map((name) => name.split(/[.[]/)[0] ?? '')).filter((name) => name !== '');
    expect(new Set(named)).toEqual(new Set(Object.keys(planSchema.shape)));
    const defaults = rows.flatMap(([names, byDefault]) => {
      const values = [...byDefault.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
      return names.flatMap((name, i) => (name.includes('.') || name.includes('[') || values[i] === undefined ? [] : [[name, values[i]] as const]));
    });
    expect(defaults.length).toBeGreaterThan(6);
    for (const [name, value] of defaults) {
      const written = planSchema.shape[name as keyof typeof planSchema.shape].meta()?.['default'];
      expect([name, String(written)]).toEqual([name, value]);
    }
  });

  it('examples/flask-shop/validate.yaml is a plan', () => {
    const plan = loadPlan({ file: 'examples/flask-shop/validate.yaml', env: ENV });
    expect(plan.resources.map(({ name }) => name)).toEqual(['product', 'stock', 'price', 'partner price', 'balance', 'note']);
  });
});
