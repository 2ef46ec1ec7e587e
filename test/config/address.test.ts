import { describe, expect, it } from 'vitest';
import { formatListen, isLoopback, listenError, parseListen } from '../../src/config/address.ts';

describe('listen addresses', () => {
  it.each([
    ['8080', { host: '0.0.0.0', port: 8080 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
    ['0', { host: '0.0.0.0', port: 0 }],
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
    ['api_1.internal:65535', { host: 'api_1.internal', port: 65_535 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[::]:8080', { host: '::', port: 8080 }],
    ['65536', undefined],
    ['-1', undefined],
    ['', undefined],
    ['host', undefined],
    ['host:', undefined],
    ['::1:8080', undefined],
    ['[::1]', undefined],
    ['[127.0.0.1]:80', undefined],
    ['[x]:80', undefined],
    ['300.0.0.1:80', undefined],
    ['1.2.3:80', undefined],
    ['a b:80', undefined],
    ['http://host:80', undefined],
    ['-host:80', undefined],
    ['unix:/tmp/x', undefined],
  ])('%j', (text, expected) => {
    expect(parseListen(text, '0.0.0.0')).toEqual(expected);
  });

  it.each(['127.0.0.1:80', '[::1]:8080', 'localhost:1'])('%s is printed as it was written', (text) => {
    const address = parseListen(text, '0.0.0.0');
    expect(address && formatListen(address)).toBe(text);
  });
});

describe('loopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['LOCALHOST', true],
    ['0.0.0.0', false],
    ['::', false],
    ['128.0.0.1', false],
    ['localhost.example.com', false],
    ['127.0.0.1.example.com', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe('an address that cannot be had', () => {
  it.each([
    ['EADDRINUSE', '127.0.0.1', 'listen: cannot listen on 127.0.0.1:80: the port is in use'],
    ['EACCES', '::1', 'listen: cannot listen on [::1]:80: the port needs a privilege that this process does not have'],
    ['EADDRNOTAVAIL', '10.0.0.1', 'listen: cannot listen on 10.0.0.1:80: the address is not one of this machine'],
    ['ENOTFOUND', 'nowhere', 'listen: cannot listen on nowhere:80: the name has no address'],
    ['EOTHER', 'h', 'listen: cannot listen on h:80: as Node says it'],
  ])('%s', (code, host, expected) => {
    const cause = Object.assign(new Error('as Node says it'), { code });
    expect(listenError('listen', { host, port: 80 }, cause).message).toBe(expected);
  });
});
