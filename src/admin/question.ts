// What does `POST /v1/explain` ask about? A request as data: {"method":"GET","url":"/products/42","fields":[["accept","text/html"]]}.
import { z } from 'zod';
import { fieldLines, fieldsFromRaw } from '../http/fields.ts';
import { parseJson } from '../http/json.ts';
import type { Request } from '../http/message.ts';
import { parseTarget } from '../http/target.ts';

const QUESTION = z.strictObject({
  method: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'a method is allowed'),
  url: z.string().regex(/^(https?:\/\/|\/)/i, 'http://HOST/PATH or /PATH is allowed'),
  fields: z
    .array(
      z.tuple([
        z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a field name is allowed'),
        z.string().regex(/^[^\0\r\n]*$/, 'a field value is allowed'),
      ]),
    )
    .default([]),
});

export type Question = { readonly kind: 'request'; readonly request: Request } | { readonly kind: 'refuse'; readonly message: string };

/** `peerAddress` is that of whoever asks. */
export function readQuestion(text: string, peerAddress: string): Question {
  const parsed = QUESTION.safeParse(parseJson(text));
  if (!parsed.success) return refuse(parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; '));
  const { method, url } = parsed.data;
  const fields = fieldsFromRaw(parsed.data.fields.flat());
  const scheme = /^https:/i.test(url) ? 'https' : 'http';
  const result = parseTarget({ requestTarget: url, hosts: fieldLines(fields, 'host'), method, scheme, version: '1.0' });
  if (result.kind === 'refuse') return refuse(`url: ${result.message}`);
  return { kind: 'request', request: { method, target: result.target, fields, version: '1.1', peerAddress } };
}

function refuse(message: string): Question {
  return { kind: 'refuse', message };
}
