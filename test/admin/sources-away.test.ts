// Dead letters that are kept by a server which cannot be asked: said as such, and no bug of Freshet.
import { expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';
import { RunningFreshet } from '../support/freshet.ts';

it('answers 503 and says which server cannot be asked', async () => {
  const port = await freePort();
  await using freshet = await RunningFreshet.start(
    `origins: { o: { url: "http://127.0.0.1:9" } }\nlog: { level: silent }\nevents: { postgres: { url: "postgres://u:hunter2@127.0.0.1:${port}/shop" }, redis: { url: "redis://127.0.0.1:${port}" } }`,
  );
  for (const [source, words] of [
    ['postgres', 'there is no connection to the outbox now'],
    ['redis', 'the stream of events cannot be asked now: the connection to Redis was lost'],
  ] as const) {
    const answer = await get(freshet.adminAddress, `/v1/events/dead?source=${source}`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      503,
      expect.objectContaining({ title: 'Not now', detail: expect.stringContaining(words) }),
    ]);
    expect(answer.body).not.toContain('hunter2');
  }
  const metrics = await get(freshet.adminAddress, '/metrics');
  expect(metrics.body).toContain('freshet_event_source_reading{source="postgres"} 0');
});
