// Who reads in a small world, and what is written down of the answers.
import type { Answer, Request } from './cache.ts';
import type { Read } from './history.ts';
import type { SimulatedNode } from './node.ts';
import type { Page } from './origin.ts';
import type { Scene } from './scene.ts';

const SCOPES = ['u1', 'u2'];

export class Readers {
  readonly #scene: Scene;
  readonly #pages: readonly Page[];
  readonly #requests = new Map<number, { readonly request: Request; readonly node: string; readonly sentAt: number }>();
  #last = 0;

  constructor(scene: Scene, pages: readonly Page[]) {
    this.#scene = scene;
    this.#pages = pages;
  }

  /** Some page, somewhere. */
  read(): void {
    const { random, nodes } = this.#scene;
    this.#request(random.pick(nodes), random.pick(this.#pages), random.pick(SCOPES));
  }

  /** Every page, everywhere. */
  readEverything(): void {
    for (const node of this.#scene.nodes) for (const page of this.#pages) for (const scope of SCOPES) this.#request(node, page, scope);
  }

  /** What `node` gives away at this instant. */
  respond(node: SimulatedNode, request: Request, answer: Answer): void {
    const { random, schedule } = this.#scene;
    const [fetchedAt, receivedAt] = [node.clock.virtualOf(answer.fetchedAt), node.clock.virtualOf(answer.receivedAt)];
    const committed = { ...answer, fetchedAt, receivedAt, committedAt: schedule.now, underLease: node.holdsLease };
    schedule.after(random.next() * 3, () => this.#answered(request.id, committed));
  }

  /** It will answer nothing more. */
  gone(node: SimulatedNode): void {
    for (const [id, { node: at }] of this.#requests) if (at === node.name) this.#requests.delete(id);
  }

  #request(node: SimulatedNode, page: Page, scope: string): void {
    const { random, schedule } = this.#scene;
    const request = { id: ++this.#last, page, scope };
    this.#requests.set(request.id, { request, node: node.name, sentAt: schedule.now });
    schedule.after(random.next() * 3, () => node.deliver(() => node.arrive(request)));
  }

  #answered(id: number, answer: Answer & Pick<Read, 'committedAt' | 'underLease'>): void {
    const { history, schedule } = this.#scene;
    const asked = this.#requests.get(id);
    this.#requests.delete(id);
    if (asked === undefined) return;
    const { request, node, sentAt } = asked;
    history.reads.push({ node, page: request.page.name, scope: request.scope, sentAt, endedAt: schedule.now, ...answer });
  }
}
