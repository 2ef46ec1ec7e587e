// Is docs/demo-map.md what the map of the demo shop is now? `npm run demo-map` writes it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { demoMapPage } from '../../bench/demo/map-page.ts';
import { parseDot } from './dot-grammar.ts';

const page = readFileSync(new URL('../../docs/demo-map.md', import.meta.url), 'utf8');

describe('the map of the demo shop', () => {
  it('is the one on its page', async () => expect(await demoMapPage()).toBe(page));

  it('has the findings that its text speaks of, and a graph', () => {
    expect([...page.slice(page.indexOf('\nfindings: 2\n')).matchAll(/^ {2}- ([a-z-]+): /gm)].map(([, kind]) => kind)).toEqual([
      'ends-by-expiry',
      'met-nothing',
    ]);
    const [, dot = ''] = /```dot\n(.*?)```/s.exec(page) ?? [];
    expect(parseDot(dot).nodes.get('family prodcut:*')).toMatchObject({ color: 'red' });
  });
});
