// Events over HTTP under endurance: a sender that sends each until it is answered 200, to a Freshet that is killed and on connections that are broken off.
import { setTimeout as delay } from 'node:timers/promises';
import { cloudEventOf, type Planned, type Side } from './side.ts';

const TRY_AGAIN_MS = 20;

export class HttpSide implements Side {
  readonly yaml = '';
  readonly faults = { requests: () => this.#breakOff() };
  #adminUrl = '';
  readonly #underWay = new Set<AbortController>();

  reaches(adminUrl: string): void {
    this.#adminUrl = adminUrl;
  }

  async write(planned: Planned, before: () => Promise<void>): Promise<void> {
    if (planned.isRolledBack) return;
    await before();
    const body = JSON.stringify(cloudEventOf(planned));
    while (!(await this.#isTaken(body))) await delay(TRY_AGAIN_MS);
  }

  /** What was written was answered, which it is when its purge is confirmed. */
  isDrained(): Promise<boolean> {
    return Promise.resolve(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#breakOff();
  }

  async #isTaken(body: string): Promise<boolean> {
    const controller = new AbortController();
    this.#underWay.add(controller);
    try {
      const headers = { 'content-type': 'application/cloudevents+json' };
      const answer = await fetch(`${this.#adminUrl}/v1/events`, { method: 'POST', headers, body, signal: controller.signal });
      await answer.arrayBuffer();
      if (answer.status !== 200 && answer.status !== 503) throw new TypeError(`POST /v1/events was answered ${answer.status}`);
      return answer.status === 200;
    } catch (error) {
      // Freshet is gone, or was left.
      if (error instanceof TypeError && error.message.startsWith('POST')) throw error;
      return false;
    } finally {
      this.#underWay.delete(controller);
    }
  }

  #breakOff(): Promise<void> {
    for (const controller of this.#underWay) controller.abort();
    return Promise.resolve();
  }
}
