// What becomes of a purge is kept for whoever asks again.
import { expect, it } from 'vitest';
import type { PurgeOutcome } from '../../src/purge/order.ts';
import { Receipts } from '../../src/purge/receipts.ts';

const RECEIPT = { id: '9f3c.1', authority: 'lease', mode: 'hard', tags: 1, urls: 0, waitedMs: 1 } as const;
const COMMITTED: PurgeOutcome = { kind: 'committed', receipt: RECEIPT, boundMs: 3110 };
const CONFIRMED: PurgeOutcome = { kind: 'confirmed', receipt: RECEIPT, epoch: 1 };

it('nobody knows what was never asked', async () => {
  expect(await new Receipts().find('9f3c.1', 0)).toBeUndefined();
});

it('one that is not confirmed is waited for as long as is said', async () => {
  const receipts = new Receipts();
  const last = Promise.withResolvers<PurgeOutcome>();
  receipts.keep('9f3c.1', COMMITTED, last.promise);
  expect(await receipts.find('9f3c.1', 0)).toBe(COMMITTED);
  const found = receipts.find('9f3c.1', 60_000);
  last.resolve(CONFIRMED);
  expect(await found).toBe(CONFIRMED);
  expect(await receipts.find('9f3c.1', 0)).toBe(CONFIRMED);
});

it('the last 1,000 are kept', async () => {
  const receipts = new Receipts();
  for (let n = 0; n <= 1_000; n++) receipts.keep(`9f3c.${n}`, CONFIRMED);
  expect([await receipts.find('9f3c.0', 0), await receipts.find('9f3c.1', 0)]).toEqual([undefined, CONFIRMED]);
});
