// DESIGN §7: whatever clients send, the fast path and node:http answer the same, to the byte, and ask the origin the same. `npm run differential` is the same
// with hundreds of thousands of requests.
import { expect, it } from 'vitest';
import { differ } from './differ.ts';
import { failureOf, summary } from './summary.ts';

it('what node:http answers, the fast path answers', { timeout: 180_000 }, async () => {
  const startedAt = performance.now();
  const { tally, findings } = await differ({ seed: 20_261_127, requests: 12_000 });
  const said = summary(tally, performance.now() - startedAt);
  console.log(said);
  expect(findings.map(({ seed, turn, text }) => `--seed ${seed} --requests ${turn}: ${text}`)).toEqual([]);
  expect(failureOf(tally), said).toBeUndefined();
});
