// The shop's API: an ordinary origin that says how long an answer is fresh, tags it, and purges by tag after it has committed a write.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ShopDatabase } from './database.ts';

/** What the shop answers, before it is written out. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly fields?: Readonly<Record<string, string>>;
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly segments: readonly string[];
  readonly customer: string | undefined;
  readonly input: unknown;
}

/** A read stopped between its look into the database and its answer. */
export interface HeldRead {
  /** Resolves once a read has looked into the database and waits. */
  readonly read: Promise<void>;
  release(): void;
}

/** Purges tags and resolves when that is confirmed, with the receipt. */
export type PurgeTags = (tags: readonly string[], options?: { readonly soft: boolean }) => Promise<string>;

const CUSTOMERS: ReadonlyMap<string, string> = new Map([
  ['Bearer token-of-ada', 'ada'],
  ['Bearer token-of-bob', 'bob'],
]);
const SLOW_QUERY_MS = 300;
const CATALOG = 'public, max-age=60, stale-while-revalidate=30';

export class Shop {
  readonly #db: ShopDatabase;
  readonly #server: Server;
  #asked: string[] = [];
  #hold: { path: string; reached: () => void; released: Promise<void> } | undefined;
  /** Set once Freshet runs; until then writes purge nothing. */
  purgeTags: PurgeTags = async () => '';

  constructor(db: ShopDatabase) {
    this.#db = db;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  /** Resolves with the URL it listens on. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the shop has no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** What it was asked since the last call, as `METHOD path`. */
  takeAsked(): string[] {
    const asked = this.#asked;
    this.#asked = [];
    return asked;
  }

  /** The next GET of `path` waits after it has read the database, until released. */
  holdNextRead(path: string): HeldRead {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#hold = { path, reached: reached.resolve, released: released.promise };
    return { read: reached.promise, release: released.resolve };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await readCall(request);
    this.#asked.push(`${call.method} ${call.url.pathname}${call.url.search}`);
    const answer = call.method === 'GET' ? this.#read(call) : await this.#write(call);
    await this.#waitIfHeld(call);
    if (call.url.pathname === '/bestsellers') await new Promise((resolve) => setTimeout(resolve, SLOW_QUERY_MS));
    const body = `${JSON.stringify(answer.body)}\n`;
    response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...answer.fields });
    response.end(body);
  }

  async #waitIfHeld(call: Call): Promise<void> {
    const hold = this.#hold;
    if (hold === undefined || call.method !== 'GET' || hold.path !== call.url.pathname) return;
    this.#hold = undefined;
    hold.reached();
    await hold.released;
  }

  #read(call: Call): Answer {
    const [collection, id] = call.segments;
    switch (collection ?? '') {
      case 'products':
        return id === undefined ? this.#productList(call.url.searchParams.get('category') ?? 'tea') : this.#product(Number(id));
      case 'categories':
        return { status: 200, body: this.#db.categories(), fields: { 'Cache-Control': CATALOG, 'Surrogate-Key': 'catalog' } };
      case 'stock':
        return this.#stock(Number(id));
      case 'bestsellers':
        return { status: 200, body: this.#db.bestsellers(), fields: { 'Cache-Control': 'public, max-age=60', 'Surrogate-Key': 'orders' } };
      case 'me':
        return this.#orders(call.customer);
      default:
        return notFound;
    }
  }

  #product(id: number): Answer {
    const product = this.#db.product(id);
    if (product === undefined) return notFound;
    return { status: 200, body: product, fields: { 'Cache-Control': CATALOG, 'Surrogate-Key': `product:${id} category:${product.category}` } };
  }

  #productList(category: string): Answer {
    const products = this.#db.productsIn(category);
    const tags = [`category:${category}`, ...products.map((product) => `product:${product.id}`)];
    return { status: 200, body: products, fields: { 'Cache-Control': CATALOG, 'Surrogate-Key': tags.join(' ') } };
  }

  #stock(id: number): Answer {
    const units = this.#db.units(id);
    if (units === undefined) return notFound;
    const fields = { 'Cache-Control': 'public, max-age=2, stale-while-revalidate=60', 'Surrogate-Key': `stock:${id}` };
    return { status: 200, body: { product: id, units }, fields };
  }

  #orders(customer: string | undefined): Answer {
    if (customer === undefined) return { status: 401, body: { error: 'who are you?' }, fields: { 'WWW-Authenticate': 'Bearer' } };
    const fields = { 'Cache-Control': 'private, max-age=60', 'Surrogate-Key': `customer:${customer}` };
    return { status: 200, body: { customer, orders: this.#db.ordersOf(customer) }, fields };
  }

  async #write(call: Call): Promise<Answer> {
    const [collection, id, part] = call.segments;
    if (collection !== 'products') return notFound;
    if (call.method === 'PUT' && part === undefined) return this.#setPrice(Number(id), call.input);
    if (call.method === 'POST' && id === undefined) return this.#addProduct(call.input);
    if (call.method === 'POST' && part === 'orders') return this.#takeOrder(Number(id), call);
    return notFound;
  }

  /** The back office writes past Freshet: so it purges itself, after the commit and before it says that it is done. */
  async #setPrice(id: number, input: unknown): Promise<Answer> {
    if (!this.#db.setPrice(id, numberIn(input, 'cents'))) return notFound;
    const receipt = await this.purgeTags([`product:${id}`]);
    return { status: 200, body: this.#db.product(id), fields: { 'Purge-Receipt': receipt } };
  }

  /** A new product may show up a little later in lists: a soft purge is enough. */
  async #addProduct(input: unknown): Promise<Answer> {
    const category = textIn(input, 'category');
    this.#db.addProduct(textIn(input, 'name'), category, numberIn(input, 'cents'));
    const receipt = await this.purgeTags([`category:${category}`], { soft: true });
    return { status: 201, body: this.#db.productsIn(category).at(-1), fields: { 'Purge-Receipt': receipt } };
  }

  /** Comes through Freshet: its route purges the stock, this answer names the rest. */
  #takeOrder(id: number, call: Call): Answer {
    if (call.customer === undefined) return { status: 401, body: { error: 'who are you?' } };
    if (!this.#db.order(call.customer, id, numberIn(call.input, 'quantity'))) return { status: 409, body: { error: 'not enough in stock' } };
    return { status: 201, body: { ordered: true }, fields: { 'Surrogate-Key-Purge': `customer:${call.customer} orders` } };
  }
}

const notFound: Answer = { status: 404, body: { error: 'no such thing' } };

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://shop');
  return {
    method: request.method ?? 'GET',
    url,
    segments: url.pathname.split('/').slice(1),
    customer: CUSTOMERS.get(request.headers.authorization ?? ''),
    input: text === '' ? {} : JSON.parse(text),
  };
}

function numberIn(input: unknown, name: string): number {
  return Number((input as Record<string, unknown>)[name]);
}

function textIn(input: unknown, name: string): string {
  return String((input as Record<string, unknown>)[name]);
}
