// A stored response as the store keeps it: few objects, and its fields as the text in which most clients get them.
// A million small ones lie in memory: an array of names and values costs more than the characters in it, and to make a head of it more than all else of a hit.
import { type Fields, fieldsOf, linesOf, valueIn } from '../http/fields.ts';
import { ownText } from '../http/own-text.ts';
import { packIds, unpackIds } from './packed-ids.ts';
import type { StoredResponse } from './stored-response.ts';
import { type Terms, termsOf } from './terms.ts';

/** Which fields a client does not get as they are stored. One object for each set of them: it is compared by identity. */
export interface View {
  /** `name` in lower case. */
  hides(name: string): boolean;
}

/** A body up to this size is kept as text: in a buffer of its own it would cost 400 bytes more, and a copy of it costs nearly nothing. */
const TEXT_BYTES = 2_048;

export class PackedResponse implements StoredResponse {
  readonly initialAgeMs: number;
  readonly receivedAt: number;
  readonly freshUntil: number;
  readonly asOf: number;
  readonly order: number;
  checkedAt: number;
  /** Its `tagIds`. */
  readonly packedIds: string;
  /** The body; latin1 where it is text. */
  readonly content: Buffer | string;
  readonly #terms: Terms;
  /** Separated by spaces. */
  #tags: string;
  /** Its field lines, of which those that `#view` hides are apart. */
  #shown = '';
  #hidden = '';
  #view: View | undefined;

  /** Ready to be shown to `view`. */
  constructor(response: StoredResponse, view: View = OPEN) {
    this.initialAgeMs = response.initialAgeMs;
    this.receivedAt = response.receivedAt;
    this.freshUntil = response.freshUntil;
    this.asOf = response.asOf;
    this.order = response.order;
    this.checkedAt = response.checkedAt;
    this.packedIds = packIds(response.tagIds);
    this.content = contentOf(response.body);
    this.#terms = termsOf(response);
    this.#tags = ownText(response.tags.join(' '));
    this.#divide(response.fields, view);
  }

  get status(): number {
    return this.#terms.status;
  }

  get statusText(): string {
    return this.#terms.statusText;
  }

  get fields(): Fields {
    return [...fieldsOf(this.#shown), ...fieldsOf(this.#hidden)];
  }

  /** As `fieldValue` of its fields: for what is asked before an answer is made. */
  value(name: string): string | undefined {
    return valueIn(this.#shown, name) ?? valueIn(this.#hidden, name);
  }

  /** The lines of those fields that `view` does not hide, each as `name: value` with its CRLF. */
  shownTo(view: View): string {
    if (this.#view !== view) this.#divide(this.fields, view);
    return this.#shown;
  }

  get body(): Buffer {
    return typeof this.content === 'string' ? Buffer.from(this.content, 'latin1') : this.content;
  }

  get part(): StoredResponse['part'] {
    return this.#terms.part;
  }

  get staleWhileRevalidateMs(): number {
    return this.#terms.staleWhileRevalidateMs;
  }

  get staleIfErrorMs(): number {
    return this.#terms.staleIfErrorMs;
  }

  get keepMs(): number {
    return this.#terms.keepMs;
  }

  get alwaysValidate(): boolean {
    return this.#terms.alwaysValidate;
  }

  get neverStale(): boolean {
    return this.#terms.neverStale;
  }

  get axes(): readonly string[] {
    return this.#terms.axes;
  }

  get axisValues(): readonly string[] {
    return this.#terms.axisValues;
  }

  get language(): string | undefined {
    return this.#terms.language;
  }

  get scopeId(): string {
    return this.#terms.scopeId;
  }

  get tags(): readonly string[] {
    return this.#tags === '' ? [] : this.#tags.split(' ');
  }

  get tagIds(): Int32Array {
    return unpackIds(this.packedIds);
  }

  /** Of all its texts and its buffer; what it has alike with others, and tags that stand in its fields, counts in full. */
  get heldBytes(): number {
    const { axes, axisValues, scopeId } = this.#terms;
    const texts = this.#shown.length + this.#hidden.length + this.#tags.length + 2 * this.packedIds.length;
    return (
      texts +
      scopeId.length +
      lengthOf(axes) +
      lengthOf(axisValues) +
      (typeof this.content === 'string' ? this.content.length : this.content.buffer.byteLength)
    );
  }

  /** The same as an object of which copies can be made. */
  get unpacked(): StoredResponse {
    const { initialAgeMs, receivedAt, freshUntil, asOf, order, checkedAt, fields, body, tags, tagIds } = this;
    return { ...this.#terms, initialAgeMs, receivedAt, freshUntil, asOf, order, checkedAt, fields, body, tags, tagIds };
  }

  #divide(fields: Fields, view: View): void {
    const shown: string[] = [];
    const hidden: string[] = [];
    for (let i = 0; i < fields.length; i += 2) (view.hides(fields[i] as string) ? hidden : shown).push(fields[i] as string, fields[i + 1] as string);
    this.#shown = ownText(linesOf(shown));
    this.#hidden = ownText(linesOf(hidden));
    this.#tags = pieceOf(this.#hidden, this.#tags);
    this.#view = view;
  }
}

/** `response` with all that it has of its own, so that a copy with other fields can be made. */
export function unpacked(response: StoredResponse): StoredResponse {
  return response instanceof PackedResponse ? response.unpacked : response;
}

const OPEN: View = { hides: () => false };

/** Never a small part of a larger allocation (a pool, a socket's read buffer), which it would keep alive. */
function contentOf(body: Buffer): Buffer | string {
  if (body.length <= TEXT_BYTES) return body.toString('latin1');
  if (body.buffer.byteLength <= body.length + body.length / 4) return body;
  const copy = Buffer.allocUnsafeSlow(body.length);
  body.copy(copy);
  return copy;
}

/** `text` as a piece of `whole`, where it stands in there: then its characters are in memory once. */
function pieceOf(whole: string, text: string): string {
  const at = whole.indexOf(text);
  return at === -1 ? text : whole.slice(at, at + text.length);
}

function lengthOf(texts: readonly string[]): number {
  let length = 0;
  for (const text of texts) length += text.length;
  return length;
}
