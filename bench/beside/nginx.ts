// An nginx of the bench's own, be it origin or cache: one worker, no access log, every file in a folder that goes with it.
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from '../../test/support/child-process.ts';

const LOOK_EVERY_MS = 20;
const START_TIMEOUT_MS = 20_000;

/** What the system allows a process; above a million nothing here needs more. */
const OPEN_FILES = Math.min(1_000_000, Number(/^Max open files +\d+ +(\d+)/m.exec(limits())?.[1] ?? 1024));
/** Leaves room for connections. */
export const KEPT_OPEN = OPEN_FILES - Math.min(2000, OPEN_FILES / 2);

export interface NginxSpec {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  /** What is in `http`. */
  readonly http: string;
  /** What goes before the command. */
  readonly under: readonly string[];
}

export function startNginx({ name, folder, port, http, under }: NginxSpec): Promise<Child> {
  mkdirSync(folder);
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginxConfig(folder, http));
  return startListener({ name, command: [...under, 'nginx', '-e', 'stderr', '-c', config], port });
}

function nginxConfig(folder: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder, kind)};`);
  return `daemon off;
pid ${join(folder, 'pid')};
worker_processes 1;
worker_rlimit_nofile ${OPEN_FILES};
error_log stderr error;
events { worker_connections 4096; multi_accept on; }
http {
  ${temporary.join(' ')}
  access_log off;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  ${http}
}
`;
}

function limits(): string {
  return existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
}

/** Starts a program that was told its port, and resolves when it accepts connections there. */
export async function startListener(spec: { readonly name: string; readonly command: readonly string[]; readonly port: number }): Promise<Child> {
  const child = startChild({ name: spec.name, command: spec.command, args: [] });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await accepts(spec.port))) {
    if (child.hasExited() || performance.now() > deadline) {
      await child.stop();
      throw new Error(`${spec.name} does not listen:\n${child.output()}`);
    }
    await delay(LOOK_EVERY_MS);
  }
  return child;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
