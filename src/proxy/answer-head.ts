// The head of an answer as text: what node:http adds to it is added here too.
import { type Fields, hasField } from '../http/fields.ts';
import type { WrittenAnswer } from './client.ts';

export interface AnswerHead {
  readonly status: number;
  /** As it is, also where it is empty: an origin need not say one. */
  readonly statusText: string;
  readonly fields: Fields;
  readonly framing: 'none' | 'chunked';
  /** Absent for a 1xx, which says nothing of its connection. */
  readonly line?: { readonly isLast: boolean; readonly keepAliveSeconds: number };
}

/** Latin1. Throws where a status, a name or a value could be read as something else than itself. */
export function answerHead({ status, statusText, fields, framing, line }: AnswerHead): string {
  let text = statusLine(status, statusText) + fieldLines(fields);
  if (line !== undefined) text += (hasField(fields, 'date') ? '' : `Date: ${dateNow()}\r\n`) + connectionLines(line);
  return framing === 'chunked' ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`;
}

/** The same of an answer that is sound and has a Date, as it was stored. */
export function writtenHead({ status, statusText, lines, line }: Omit<WrittenAnswer, 'body'> & Required<Pick<AnswerHead, 'line'>>): string {
  return `${statusLine(status, statusText)}${lines}${connectionLines(line)}\r\n`;
}

function statusLine(status: number, statusText: string): string {
  if (status === 200 && statusText === 'OK') return 'HTTP/1.1 200 OK\r\n';
  if (!(status >= 100 && status <= 999)) throw new Error(`a status that cannot be sent: ${status}`);
  return `HTTP/1.1 ${status} ${sound(statusText)}\r\n`;
}

function connectionLines({ isLast, keepAliveSeconds }: NonNullable<AnswerHead['line']>): string {
  return isLast ? 'Connection: close\r\n' : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n`;
}

function fieldLines(fields: Fields): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += fieldLine(fields[i] as string, fields[i + 1] as string);
  return lines;
}

/** RFC 9110 §5.1, §5.5. */
function fieldLine(name: string, value: string): string {
  if (!TOKEN.test(name)) throw new Error(`a field name that cannot be sent: ${JSON.stringify(name)}`);
  return `${name}: ${sound(value)}\r\n`;
}

function sound(text: string): string {
  if (UNSOUND.test(text)) throw new Error('a field value that cannot be sent');
  return text;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const UNSOUND = /[^\t\x20-\x7e\x80-\xff]/;

let date = { second: 0, text: '' };

/** Of the world, as node:http writes it; made once a second. */
function dateNow(): string {
  const now = new Date();
  const second = Math.floor(now.getTime() / 1000);
  if (second !== date.second) date = { second, text: now.toUTCString() };
  return date.text;
}
