// The client as `respond` sees it: the small interface that node:http implements today and a faster path may tomorrow.
import type { Fields } from '../http/fields.ts';

/** An answer whose fields are the lines that are sent. */
export interface WrittenAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Each with its CRLF. */
  readonly lines: string;
  /** Latin1 where it is text. */
  readonly body: Buffer | string | undefined;
}

export interface Client {
  /** The connection is closed; everything below is then without effect. */
  readonly gone: boolean;
  readonly headSent: boolean;
  /** Each listener is called once, when the client leaves before its answer was whole; at once if it has left. */
  onGone(listener: () => void): void;
  /** A 1xx (not 101). Dropped for HTTP/1.0 clients. */
  informational(status: number, fields: Fields): void;
  /** The final head. Without content-length in `fields` the body is chunked (or ends with the connection, for HTTP/1.0). */
  head(status: number, statusText: string, fields: Fields): void;
  /** A piece of the body. False: write nothing more until the `onDrain` listener is called. */
  write(chunk: Buffer): boolean;
  /** The one listener for room after a false `write`; the last one set counts. */
  onDrain(listener: () => void): void;
  end(): void;
  /** Head and whole body in one go. */
  answer(status: number, statusText: string, fields: Fields, body: Buffer | undefined): void;
  /** The same, of fields that are text already. Their length is among them, and a Date. */
  answerLines(answer: WrittenAnswer): void;
  /** Cuts the connection so that the client sees that its answer is not whole. */
  destroy(): void;
}
