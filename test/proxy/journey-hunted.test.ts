// What the leak hunt (test/leak-hunt) found, each alone.
import { expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import { Stage } from './journey.ts';

const BODY = 'x'.repeat(1024 * 1024);

// The second takes nothing before the first is through, and the relay gives the first nothing before the second takes.
it('a relay that waits for the second of two pipelined answers is let go by the stall timeout, and others get it whole', async () => {
  await using stage = await Stage.start({ config: 'limits: { stall_timeout: 200ms }\ndefaults: { max_object: 128KiB }' });
  stage.origin.on('/a', { fields: ['cache-control', 'max-age=60'], framing: 'chunked', body: BODY });
  await using pipelining = await RawClient.connect(stage.freshet.address);
  pipelining.send('GET /a HTTP/1.1\r\nHost: a.test\r\n\r\nGET /a HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await using other = await RawClient.connect(stage.freshet.address);
  other.send('GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n');
  const [first, answer] = await Promise.all([pipelining.answer(), other.answer()]);
  expect(answer).toMatchObject({ status: 200, complete: true });
  expect(answer?.body === BODY).toBe(true);
  expect(first).toMatchObject({ complete: false });
});

it('Authentication-Info of a fetch is for whom it was made for, not for those who collapsed onto it', async () => {
  await using stage = await Stage.start();
  const barrier = new Barrier();
  const info = ['authentication-info', 'nextnonce="leader"', 'proxy-authentication-info', 'nextnonce="leader"'];
  stage.origin.on('/a', { fields: ['cache-control', 'max-age=60', ...info], body: 'one', barriers: { 'before-head': barrier } });
  const leader = stage.ask('GET /a');
  await barrier.reached;
  const follower = stage.ask('GET /a');
  await stage.roundTrips();
  barrier.open();
  expect((await leader).field('authentication-info')).toBe('nextnonce="leader"');
  const answer = await follower;
  expect(answer).toMatchObject({ body: 'one' });
  expect(answer.field('cache-status')).toContain('collapsed');
  expect(answer.field('authentication-info')).toBeUndefined();
  expect(answer.field('proxy-authentication-info')).toBeUndefined();
  await stage.play([{ ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', fields: { 'authentication-info': undefined } } }]);
});
