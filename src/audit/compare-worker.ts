// Compares large bodies, one after the other, beside the thread that serves.
import { parentPort, workerData } from 'node:worker_threads';
import type { JsonPath } from '../config/json-path.ts';
import type { Answer, Given, Question } from './compare-thread.ts';
import { type Content, differencesOf } from './content.ts';

const ignore = workerData as readonly JsonPath[];

parentPort?.on('message', ({ id, contents: [a, b] }: Question) => {
  const answer: Answer = { id, differences: differencesOf(withBuffer(a), withBuffer(b), ignore) };
  parentPort?.postMessage(answer);
});

function withBuffer({ body, ...rest }: Given): Content {
  return { ...rest, body: Buffer.from(body.buffer) };
}
