// Who may connect: how many of one client address, who counts as one, and what the operator is told. SECURITY §8.
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { echo, Listening } from './listening.ts';

const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';

async function isServed(client: RawClient): Promise<boolean> {
  client.send(REQUEST);
  return (await client.answer())?.status === 200;
}

describe('of one client address', () => {
  it('so many may connect, while another address still gets in', async () => {
    await using listening = await Listening.start(echo, { connectionsPerAddress: 2 });
    await using first = await RawClient.connect(listening.address);
    await using second = await RawClient.connect(listening.address);
    await using third = await RawClient.connect(listening.address);
    await using other = await RawClient.connect(listening.address, { localAddress: '127.0.0.2' });
    expect(await Promise.all([first, second, third, other].map(isServed))).toEqual([true, true, false, true]);
    expect(listening.limits).toEqual(['limits.connections_per_address']);
  });

  it('one too many is nothing to go wrong', async () => {
    const faults: unknown[] = [];
    const note = (fault: unknown): void => void faults.push(fault);
    process.on('uncaughtException', note);
    await using listening = await Listening.start(echo, { connectionsPerAddress: 1 });
    await using first = await RawClient.connect(listening.address);
    expect(await isServed(first)).toBe(true);
    await using second = await RawClient.connect(listening.address);
    await second.closed();
    expect(await isServed(first)).toBe(true);
    process.off('uncaughtException', note);
    expect(faults).toEqual([]);
  });

  it('one that leaves makes room', async () => {
    await using listening = await Listening.start(echo, { connectionsPerAddress: 1 });
    const first = await RawClient.connect(listening.address);
    expect(await isServed(first)).toBe(true);
    first.send('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await first.closed();
    await using second = await RawClient.connect(listening.address);
    expect(await isServed(second)).toBe(true);
  });

  it('a tunnel counts until it ends', async () => {
    await using listening = await Listening.start(echo, { connectionsPerAddress: 1 });
    await using tunnel = await RawClient.connect(listening.address);
    tunnel.send('GET /socket HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await tunnel.head())?.status).toBe(101);
    await using refused = await RawClient.connect(listening.address);
    expect(await isServed(refused)).toBe(false);
    listening.tunnels[0]?.destroy();
    await tunnel.closed();
    await using next = await RawClient.connect(listening.address);
    expect(await isServed(next)).toBe(true);
  });

  it('any number may connect where it is a trusted proxy', async () => {
    await using listening = await Listening.start(echo, { connectionsPerAddress: 1 });
    listening.trusted = '127.0.0.1';
    await using first = await RawClient.connect(listening.address);
    await using second = await RawClient.connect(listening.address);
    expect(await Promise.all([first, second].map(isServed))).toEqual([true, true]);
    expect(listening.limits).toEqual([]);
  });

  it('as many may connect as a reload says, and those that are there stay', async () => {
    await using listening = await Listening.start();
    await using first = await RawClient.connect(listening.address);
    await using second = await RawClient.connect(listening.address);
    expect(await Promise.all([first, second].map(isServed))).toEqual([true, true]);
    listening.reconfigure({ connectionsPerAddress: 2 });
    await using third = await RawClient.connect(listening.address);
    expect(await Promise.all([first, second, third].map(isServed))).toEqual([true, true, false]);
  });
});

describe('the operator is told of refused connections', () => {
  it.each([
    { setting: 'limits.connections', limits: { connections: 1 } },
    { setting: 'limits.connections_per_address', limits: { connectionsPerAddress: 1 } },
  ])('once a minute, with the setting: $setting', async ({ setting, limits }) => {
    await using listening = await Listening.start(echo, limits);
    await using first = await RawClient.connect(listening.address);
    expect(await isServed(first)).toBe(true);
    const refuse = async (): Promise<void> => {
      await using refused = await RawClient.connect(listening.address);
      await refused.closed();
    };
    for (let i = 0; i < 3; i++) await refuse();
    listening.clock.advance(60_000);
    await refuse();
    const line = (refused: number): string => `connections of clients are refused ${JSON.stringify({ setting, address: '127.0.0.1', refused })}`;
    expect(listening.faults).toEqual([line(1), line(3)]);
    expect(listening.limits).toEqual([setting, setting, setting, setting]);
  });
});
