// The Flask shop of the examples for a test, over a database of its own. Where Debian's python3-flask is missing, `hasFlask` is false.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, type FreshetChild, startChild, startFreshet } from './child-process.ts';
import { freePort } from './free-port.ts';

export const PYTHON = '/usr/bin/python3';
export const SHOP_FOLDER = fileURLToPath(new URL('../../examples/flask-shop/', import.meta.url));

/** CI sets FRESHET_NEEDS_FLASK, so that there a missing package fails and is not passed over. */
export const hasFlask = spawnSync(PYTHON, ['-c', 'import flask']).status === 0;
if (!hasFlask) {
  if (process.env['FRESHET_NEEDS_FLASK'] !== undefined) throw new Error('python3-flask is not installed, and FRESHET_NEEDS_FLASK is set');
  process.stderr.write('python3-flask is not installed: what needs it is skipped\n');
}

/** Of the shop and of Freshet in front of it. */
export interface ShopOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The configuration of Freshet; that of the example where it is not given. */
  readonly config?: string;
  /** Between Freshet's admin address and what the shop is told of it; `/v1/purge` where it is not given. */
  readonly nodeOf?: (freshet: { readonly url: string; readonly adminUrl: string }) => string;
}

export class FlaskShop implements AsyncDisposable {
  /** The shop itself. */
  readonly url: string;
  readonly freshet: FreshetChild;
  readonly shop: Child;
  readonly #folder: string;

  /** Freshet first, on a port for the shop that nobody has: the shop is told where its nodes are when it starts. */
  static async start({ env = {}, config = join(SHOP_FOLDER, 'freshet.yaml'), nodeOf }: ShopOptions = {}): Promise<FlaskShop> {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-flask-'));
    const port = String(await freePort());
    const freshet = await startFreshet({ args: ['--config', config], env: { ...process.env, ...env, PORT: port } });
    const node = nodeOf === undefined ? `${freshet.adminUrl}/v1/purge` : nodeOf(freshet);
    const own = { SHOP_DATABASE: join(folder, 'shop.sqlite'), FRESHET_NODES: node, PYTHONDONTWRITEBYTECODE: '1' };
    const shop = startChild({
      name: 'flask-shop',
      command: [PYTHON],
      args: [join(SHOP_FOLDER, 'app.py')],
      env: { ...process.env, ...own, ...env, PORT: port },
    });
    const started = new FlaskShop(`http://127.0.0.1:${port}`, { freshet, shop, folder });
    try {
      await shop.says(/the shop listens on /);
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(url: string, parts: { readonly freshet: FreshetChild; readonly shop: Child; readonly folder: string }) {
    this.url = url;
    this.freshet = parts.freshet;
    this.shop = parts.shop;
    this.#folder = parts.folder;
  }

  /** By name of user. */
  async tokens(): Promise<Readonly<Record<string, string>>> {
    const logIn = async (user: string): Promise<readonly [string, string]> => {
      const answer = await fetch(`${this.url}/login?user=${user}`, { method: 'POST' });
      return [user, await answer.text()];
    };
    return Object.fromEntries(await Promise.all(['ada', 'bob', 'eve', 'root'].map(logIn)));
  }

  /** `export ADA BOB EVE ROOT`, and where Freshet is. */
  async exported(): Promise<Readonly<Record<string, string>>> {
    const tokens = Object.entries(await this.tokens()).map(([user, token]) => [user.toUpperCase(), token]);
    return { ...Object.fromEntries(tokens), FRESHET_URL: this.freshet.url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shop.stop();
    await this.freshet.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
