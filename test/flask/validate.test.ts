// `freshet validate` against the Flask shop behind Freshet: the faults that are planted in it are found, each where it is, and none in the right one.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runFreshet } from '../commands/run.ts';
import { FlaskShop, hasFlask, SHOP_FOLDER } from '../support/flask.ts';

const CONFIG = readFileSync(join(SHOP_FOLDER, 'freshet.yaml'), 'utf8');
const SHARED_PRICES = CONFIG.replace('scope: [tier]\n    required: true', 'scope: public');
/** As long as it takes: a run ends with its writes. */
const PLAN = readFileSync(join(SHOP_FOLDER, 'validate.yaml'), 'utf8').replace(
  'duration: 3s',
  'duration: 10m\nmost_writes: 24\ngrace: 300ms\nrate: 400/s\npause: 30ms',
);

interface Found {
  readonly code: number | null;
  readonly err: string;
  readonly faults: readonly string[];
}

async function found(fault: string, { config = CONFIG, plan: text = PLAN }: { config?: string; plan?: string } = {}): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-validate-'));
  const [plan, freshet] = [join(folder, 'plan.yaml'), join(folder, 'freshet.yaml')];
  writeFileSync(plan, text);
  writeFileSync(freshet, config);
  await using shop = await FlaskShop.start({ env: { SHOP_FAULT: fault }, config: freshet });
  const { code, out, err } = await runFreshet(['validate', '--config', plan, '--json'], await shop.exported());
  rmSync(folder, { recursive: true });
  const report = JSON.parse(out) as { readonly faults: readonly { readonly kind: string; readonly read: string }[] };
  return { code, err, faults: report.faults.map(({ kind, read }) => `${kind} ${read}`) };
}

describe.skipIf(!hasFlask)('freshet validate, against the Flask shop', { timeout: 180_000 }, () => {
  it('finds nothing where nothing is wrong', async () => {
    const { code, err, faults } = await found('');
    expect(faults).toEqual([]);
    expect(code).toBe(0);
    expect(err).toMatch(/^freshet: this writes to a real system for 600 s/);
  });

  it.each([
    [
      'a price that is written without a purge',
      'forget',
      CONFIG,
      ['missed-invalidation /products/{key}/price', 'missed-invalidation /partner/prices'],
    ],
    ['a list that does not say which products are in it', 'few', CONFIG, ['missed-invalidation /products']],
    ['prices that are called public, and shared by all', 'public', SHARED_PRICES, ['cross-scope-read /products/{key}/price']],
  ])('finds %s, and nothing else', async (_name, fault, config, expected) => {
    const { code, err, faults } = await found(fault, { config });
    expect(faults).toEqual(expected);
    expect(code).toBe(1);
    expect(err).toContain(expected.length === 1 ? 'freshet: a fault was found\n' : `freshet: ${expected.length} faults were found\n`);
  });

  it('finds purges that come after the answer', async () => {
    const { code, faults } = await found('late', { plan: PLAN.replace('grace: 300ms', 'grace: 5s') });
    expect(faults).toContain('stale-read /products');
    for (const fault of faults) expect(fault).toMatch(/^stale-read /);
    expect(code).toBe(1);
  });

  it('finds purges that precede their commit', async () => {
    const { code, faults } = await found('early');
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) expect(fault).toMatch(/^(?:stale-read|missed-invalidation) /);
    expect(code).toBe(1);
  });
});
