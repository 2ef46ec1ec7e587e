// Connections of an origin that were cut may be closed as well: a drain does both.
import { expect, it } from 'vitest';
import { Connections } from '../../src/origin/connections.ts';

it('closing what was destroyed does nothing', async () => {
  const connections = new Connections({
    name: 'shop',
    url: 'http://127.0.0.1:1',
    connectTimeoutMs: 1_000,
    headersTimeoutMs: 1_000,
    bodyTimeoutMs: 1_000,
    connections: 1,
    queue: 1,
    queueTimeoutMs: 1_000,
  });
  await connections.destroy(new Error('cut'));
  await expect(connections.close()).resolves.toBeUndefined();
});
