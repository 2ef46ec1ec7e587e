// What a step of the demo acts with: it asks, prints what came back and what the shop saw, and claims what must be so.
import { type AskOptions, ask, describeExchange, type Exchange } from './exchange.ts';
import type { Shop } from './shop.ts';

export interface StepResult {
  readonly title: string;
  readonly seen: string;
  readonly originRequests: number;
}

/** A claim of the demo that did not hold. */
export class BrokenClaim extends Error {
  override readonly name = 'BrokenClaim';
}

export class Stage {
  readonly shop: Shop;
  readonly freshetUrl: string;
  readonly shopUrl: string;
  readonly results: StepResult[] = [];
  #originRequests = 0;

  constructor(parts: { readonly shop: Shop; readonly freshetUrl: string; readonly shopUrl: string }) {
    this.shop = parts.shop;
    this.freshetUrl = parts.freshetUrl;
    this.shopUrl = parts.shopUrl;
  }

  /** Prints a heading, runs the step, keeps its line for the summary. */
  async step(title: string, act: (stage: Stage) => Promise<string>): Promise<void> {
    console.log(`\n${bold(`${this.results.length + 1}. ${title}`)}`);
    this.#originRequests = 0;
    const seen = await act(this);
    this.asked();
    this.results.push({ title, seen, originRequests: this.#originRequests });
  }

  say(text: string): void {
    console.log(dim(`   ${text}`));
  }

  /** Asks Freshet and prints it all. */
  async ask(path: string, options?: AskOptions): Promise<Exchange> {
    const exchange = await ask(this.freshetUrl, path, options);
    this.print(exchange);
    return exchange;
  }

  /** The same, straight to the shop: what a back office does. */
  async askShop(path: string, options?: AskOptions): Promise<Exchange> {
    const exchange = await ask(this.shopUrl, path, options);
    this.print(exchange);
    return exchange;
  }

  print(exchange: Exchange): void {
    for (const line of describeExchange(exchange)) console.log(`   ${line}`);
  }

  /** Prints and returns what the shop was asked since the last time. */
  asked(): string[] {
    const asked = this.shop.takeAsked();
    this.#originRequests += asked.length;
    if (asked.length > 0) console.log(`   shop was asked: ${asked.join(', ')}`);
    return asked;
  }

  /** The shop must have been asked exactly this since the last time. */
  expectAsked(expected: readonly string[]): void {
    const asked = this.asked();
    if (expected.length === 0 && asked.length === 0) console.log('   shop was asked: nothing');
    const what = expected.length === 0 ? 'nothing' : expected.join(', ');
    if (asked.join() !== expected.join())
      throw new BrokenClaim(`the shop should have been asked ${what}, and was asked ${asked.join(', ') || 'nothing'}`);
  }

  /** Prints what is so, or ends the demo because it is not. */
  claim(holds: boolean, sentence: string): void {
    if (!holds) throw new BrokenClaim(`not so: ${sentence}`);
    console.log(`   ${green('✓')} ${sentence}`);
  }
}

export function bold(text: string): string {
  return paint('1', text);
}

function dim(text: string): string {
  return paint('2', text);
}

function green(text: string): string {
  return paint('32', text);
}

function paint(code: string, text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}
