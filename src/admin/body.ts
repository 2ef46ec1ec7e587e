// The body of a request to the admin listener: small, whole, and UTF-8.
import type { IncomingMessage } from 'node:http';
import type { Answer } from '../purge/problem.ts';
import { problem } from './answer.ts';

/** The text, or why it is refused: more than `most` bytes, or no text. Rejects where the client leaves in the middle. */
export async function readBody(incoming: IncomingMessage, most: number): Promise<{ readonly text: string } | { readonly refusal: Answer }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The loop is left by `break`, not by `return`, and the stream is kept: its socket has the refusal to carry.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > most) break;
    chunks.push(chunk as Buffer);
  }
  if (bytes > most) return { refusal: problem('too-large', `The body is over ${most} bytes.`) };
  const text = decoded(Buffer.concat(chunks));
  return text === undefined ? { refusal: problem('bad-request', 'The body is not UTF-8.') } : { text };
}

function decoded(bytes: Buffer): string | undefined {
  try {
    // As it came: signatures are of that.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
