// The servers that are compared: how each is told to be a cache of the same size before the same origin, as well as it can be,
// and that nothing below /pass/ is for the cache.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild, startFreshet } from '../../test/support/child-process.ts';
import { freePort } from '../../test/support/free-port.ts';
import { KEPT_OPEN, startListener, startNginx } from './nginx.ts';

export const MEMORY_MIB = 512;
/** Of Freshet. */
export const PURGE_TOKEN = 'bench';
// Where many systems keep servers, off the path of their users.
process.env['PATH'] += ':/usr/local/sbin:/usr/sbin';

export interface Server {
  readonly name: string;
  readonly title: string;
  /** Undefined where it is not installed. */
  readonly version: string | undefined;
  /** A server that stores nothing answers by itself. */
  readonly isCache: boolean;
  start(setup: Setup): Promise<Running>;
}

export interface Setup {
  readonly originPort: number;
  /** Threads that serve, of Freshet. */
  readonly workers: number;
  /** A new one for this server, removed after the run. */
  readonly folder: string;
  /** What goes before the command: it runs on the server's core. */
  readonly under: readonly string[];
  /** Where Freshet is to leave a CPU profile when it ends; undefined: none. */
  readonly profileFolder: string | undefined;
}

export interface Running extends Child {
  readonly url: string;
}

export const FRESHET: Server = {
  name: 'freshet',
  title: 'Freshet',
  version: versionOf('git', ['describe', '--always', '--dirty'], /^\S+/),
  isCache: true,
  start({ originPort, workers, under, profileFolder }) {
    const env = {
      ...process.env,
      BENCH_ORIGIN: `http://127.0.0.1:${originPort}`,
      BENCH_MEMORY: `${MEMORY_MIB}MiB`,
      BENCH_WORKERS: String(workers),
      BENCH_TOKEN: PURGE_TOKEN,
    };
    const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    const config = fileURLToPath(new URL('./freshet.yaml', import.meta.url));
    return startFreshet({ command: [...under, process.execPath, ...profile], args: ['--config', config], env });
  },
};

const nginx: Server = {
  name: 'nginx',
  title: 'nginx',
  version: versionOf('nginx', ['-v']),
  isCache: true,
  async start({ originPort, folder, under }) {
    const port = await freePort();
    const http = `proxy_cache_path ${join(folder, 'cache')} levels=1:2 keys_zone=bench:128m max_size=${MEMORY_MIB}m inactive=1h use_temp_path=off;
  open_file_cache max=${KEPT_OPEN} inactive=1h;
  open_file_cache_valid 1h;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header Connection '';
    proxy_buffers 32 16k;
    proxy_max_temp_file_size 0;
    location / { proxy_pass http://origin; proxy_cache bench; }
    location /pass/ { proxy_pass http://origin; }
  }`;
    return at(port, await startNginx({ name: 'nginx', folder, port, http, under }));
  },
};

const varnish: Server = {
  name: 'varnish',
  title: 'Varnish',
  version: versionOf('varnishd', ['-V']),
  isCache: true,
  async start({ originPort, folder, under }) {
    const port = await freePort();
    mkdirSync(folder);
    const vcl = join(folder, 'bench.vcl');
    writeFileSync(
      vcl,
      `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${originPort}"; }
sub vcl_recv { if (req.url ~ "^/pass/") { return (pass); } }
`,
    );
    const store = ['-s', `malloc,${MEMORY_MIB}m`, '-n', join(folder, 'work'), '-j', 'none', '-T', 'none', '-p', 'thread_pools=1'];
    return at(
      port,
      await startListener({ name: 'varnishd', command: [...under, 'varnishd', '-F', '-a', `127.0.0.1:${port}`, '-f', vcl, ...store], port }),
    );
  },
};

const haproxy: Server = {
  name: 'haproxy',
  title: 'HAProxy',
  version: versionOf('haproxy', ['-v']),
  isCache: true,
  async start({ originPort, folder, under }) {
    const port = await freePort();
    mkdirSync(folder);
    const config = join(folder, 'haproxy.cfg');
    writeFileSync(
      config,
      `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
cache bench
  total-max-size ${MEMORY_MIB}
  max-object-size 2097152
  max-age 3600
  process-vary on
frontend bench
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  http-reuse always
  http-request cache-use bench unless { path_beg /pass/ }
  http-response cache-store bench
  server origin 127.0.0.1:${originPort}
`,
    );
    return at(port, await startListener({ name: 'haproxy', command: [...under, 'haproxy', '-db', '-f', config], port }));
  },
};

const node: Server = {
  name: 'node',
  title: 'bare node:http',
  version: process.version.slice(1),
  isCache: false,
  async start({ under }) {
    const args = [fileURLToPath(new URL('./node-origin.ts', import.meta.url))];
    const child = startChild({ name: 'node:http', command: [...under, process.execPath], args });
    return at(Number((await child.says(/port: (\d+)/))[1]), child);
  },
};

export const SERVERS: readonly Server[] = [FRESHET, nginx, varnish, haproxy, node];

/** Freshet beside all that are installed; beside a bare node:http server where none is. */
export function serversByDefault(): readonly Server[] {
  const proxies = SERVERS.filter(({ isCache, version }) => isCache && version !== undefined);
  return proxies.length > 1 ? proxies : [FRESHET, node];
}

/** As the program states it; undefined where there is no such program. */
export function versionOf(program: string, args: readonly string[], pattern = /\d+\.\d+(?:\.\d+)?/): string | undefined {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return error === undefined ? (pattern.exec(stdout + stderr)?.[0] ?? 'unknown') : undefined;
}

function at(port: number, child: Child): Running {
  return { ...child, url: `http://127.0.0.1:${port}` };
}
