// What a connection was answered, told apart into answers: heads as they are, bodies without their chunks.

export interface WireAnswer {
  /** Status line and field lines, to the byte. */
  readonly head: string;
  /** Empty where it is not whole: how much of it comes is a matter of moments. */
  readonly body: string;
  /** False where the connection has not brought all of it. */
  readonly isWhole: boolean;
}

/**
 * In `text`, all that came on a connection for requests of these `methods`. Of a request beyond them nobody knows the method: where nothing follows the
 * head, or the next answer, it had no body.
 */
export function answersIn(text: string, methods: readonly string[], isClosed: boolean): readonly WireAnswer[] {
  const answers: WireAnswer[] = [];
  let nth = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) return [...answers, { head: text.slice(at), body: '', isWhole: false }];
    const head = text.slice(at, end + 4);
    const isFinal = !isInterim({ head });
    const body = isFinal && hasBody({ head, rest: text, at: end + 4, method: methods[nth] }) ? bodyAt({ text, at: end + 4, head, isClosed }) : NONE;
    answers.push({ head, body: body.isWhole ? body.text : '', isWhole: body.isWhole });
    at = end + 4 + body.bytes;
    if (isFinal) nth++;
  }
  return answers;
}

/** Final ones that are whole. */
export function finalOnes(answers: readonly WireAnswer[]): readonly WireAnswer[] {
  return answers.filter((answer) => answer.isWhole && !isInterim(answer));
}

/** A 1xx. */
export function isInterim({ head }: Pick<WireAnswer, 'head'>): boolean {
  return head.startsWith('HTTP/1.1 1');
}

export function saysClose({ head }: WireAnswer): boolean {
  return /^connection: close\r$/im.test(head);
}

export function statusOf({ head }: WireAnswer): number {
  return Number(head.slice(9, 12));
}

interface Body {
  readonly text: string;
  /** On the wire. */
  readonly bytes: number;
  readonly isWhole: boolean;
}

const NONE: Body = { text: '', bytes: 0, isWhole: true };

interface Place {
  readonly head: string;
  readonly rest: string;
  readonly at: number;
  readonly method: string | undefined;
}

function hasBody({ head, rest, at, method }: Place): boolean {
  if (/^HTTP\/1\.1 (?:204|304)/.test(head) || method === 'HEAD') return false;
  return method !== undefined || (at < rest.length && !rest.startsWith('HTTP/1.1 ', at));
}

function bodyAt({ text, at, head, isClosed }: { text: string; at: number; head: string; isClosed: boolean }): Body {
  if (/^transfer-encoding: chunked\r$/im.test(head)) return chunksAt(text, at);
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  const body = text.slice(at, length === undefined ? undefined : at + Number(length));
  return { text: body, bytes: body.length, isWhole: length === undefined ? isClosed : body.length === Number(length) };
}

function chunksAt(text: string, start: number): Body {
  let body = '';
  for (let at = start; ; ) {
    const end = text.indexOf('\r\n', at);
    const size = end === -1 ? Number.NaN : Number.parseInt(text.slice(at, end), 16);
    const next = end + 2 + size + 2;
    if (Number.isNaN(size) || text.length < next)
      return { text: body + text.slice(end === -1 ? at : end + 2), bytes: text.length - start, isWhole: false };
    body += text.slice(end + 2, end + 2 + size);
    at = next;
    if (size === 0) return { text: body, bytes: next - start, isWhole: true };
  }
}
