// SECURITY §1: what the fast path takes for a plain request is one that node:http takes too, and reads the same; and none of what is to be refused.
import { describe, expect, it } from 'vitest';
import { type PlainRequest, PlainRequests } from '../../src/proxy/plain-request.ts';
import { readHead } from '../../src/proxy/request-head.ts';
import { random } from '../history/random.ts';
import { corpus } from '../fuzz/corpus.ts';
import { LIMITS } from '../proxy/listening.ts';
import { ABUSES } from '../security/abuse-rows.ts';
import { ANSWERS } from '../security/answer-rows.ts';
import { DECEPTIONS } from '../security/deception-rows.ts';
import { DENIALS } from '../security/denial-rows.ts';
import { METHODS } from '../security/method-rows.ts';
import { POISONINGS } from '../security/poisoning-rows.ts';
import { PURGES } from '../security/purge-rows.ts';
import { REQUEST_ROWS } from '../security/request-rows.ts';
import { STORINGS } from '../security/storing-rows.ts';
import { TAGS } from '../security/tag-rows.ts';
import { edited } from './edits.ts';
import { NodeReader } from './node-reading.ts';
import { madeRequest } from './requests.ts';

const TEXTS = 60_000;
const SEED = 20_261_127;

const reader = new NodeReader(LIMITS);

interface Read {
  readonly method: string;
  readonly target: object;
  readonly fields: readonly string[];
  readonly closes: boolean;
}

/** What node:http and request-head.ts make of the bytes of a plain request; a text where they make something else of them. */
async function otherReading(text: string): Promise<Read | string> {
  const { requests, fault } = await reader.read(text);
  const [request] = requests;
  if (request === undefined || requests.length > 1 || fault !== undefined) return `${requests.length} requests, ${fault}`;
  const head = readHead(request, LIMITS);
  if (head.kind === 'refuse') return `refused: ${head.message}`;
  if (head.body.kind !== 'none' || head.expectsContinue || head.version !== '1.1' || !request.complete) return 'not one that is plain';
  return { method: head.method, target: head.target, fields: head.fields, closes: !request.goesOn };
}

function ownReading({ method, target, fields, closes }: PlainRequest): Read {
  return { method, target, fields, closes };
}

/** Whether it is a plain request, which is then read the same by both. */
async function isPlain(plain: PlainRequests, text: string): Promise<boolean> {
  const reading = plain.read(text);
  if (reading.kind !== 'plain') return false;
  const bytes = text.slice(0, reading.end);
  expect(ownReading(reading), JSON.stringify(bytes)).toEqual(await otherReading(bytes));
  return true;
}

describe('a plain request is what node:http reads', () => {
  it(`of ${TEXTS} requests, most with edits`, { timeout: 120_000 }, async () => {
    const decide = random(SEED);
    const plain = new PlainRequests(LIMITS);
    let count = 0;
    for (let i = 0; i < TEXTS; i++) {
      const { text } = madeRequest(decide);
      if (await isPlain(plain, decide.chance(0.8) ? edited(text, decide) : text)) count++;
    }
    console.log(`${count} of ${TEXTS} texts were plain requests`);
    expect(count).toBeGreaterThan(TEXTS / 10);
  });

  it('of the corpus, with edits', async () => {
    const decide = random(SEED);
    const plain = new PlainRequests(LIMITS);
    const { texts } = corpus('requests', ['texts']);
    for (let i = 0; i < 5000; i++) await isPlain(plain, edited(decide.pick(texts), decide));
  });
});

describe('what SECURITY has refused is no plain request', () => {
  it.each(REQUEST_ROWS)('$row $name', async ({ bytes, expected }) => {
    const plain = await isPlain(new PlainRequests(LIMITS), bytes);
    if (expected.kind === 'refused') expect(plain).toBe(false);
  });

  const journeys = [...ABUSES, ...ANSWERS, ...DECEPTIONS, ...DENIALS, ...METHODS, ...POISONINGS, ...PURGES, ...STORINGS, ...TAGS];
  const sent = journeys.flatMap(({ row, name, steps }) => steps.map(({ send, expect: { cacheStatus } }) => ({ row, name, send, cacheStatus })));

  it.each(sent)('$row $name', async ({ send, cacheStatus }) => {
    const plain = await isPlain(new PlainRequests(LIMITS), send);
    if (cacheStatus === 'detail=bad-request') expect(plain).toBe(false);
  });
});
