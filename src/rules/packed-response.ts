// A stored response as the store keeps it: few objects, and its fields as the text in which most clients get them.
// A million small ones lie in memory: an array of names and values costs more than the characters in it, and to make a head of it more than all else of a hit.
import { type Fields, fieldsOf, linesOf } from '../http/fields.ts';
import type { StoredResponse } from './stored-response.ts';

/** Which fields a client does not get as they are stored. One object for each set of them: it is compared by identity. */
export interface View {
  /** `name` in lower case. */
  hides(name: string): boolean;
}

export class PackedResponse implements StoredResponse {
  readonly status: number;
  readonly statusText: string;
  readonly body: Buffer;
  readonly part?: NonNullable<StoredResponse['part']>;
  readonly initialAgeMs: number;
  readonly receivedAt: number;
  readonly freshUntil: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly keepMs: number;
  readonly alwaysValidate: boolean;
  readonly neverStale: boolean;
  readonly axes: readonly string[];
  readonly axisValues: readonly string[];
  readonly language?: string;
  readonly scopeId: string;
  readonly tagIds: Int32Array;
  readonly asOf: number;
  readonly order: number;
  checkedAt: number;
  /** One a line. */
  readonly #tags: string;
  /** Its field lines, of which those that `#view` hides are apart. */
  #shown: string;
  #hidden = '';
  #view: View | undefined;

  constructor(response: StoredResponse) {
    this.status = response.status;
    this.statusText = response.statusText;
    this.body = response.body;
    if (response.part !== undefined) this.part = response.part;
    this.initialAgeMs = response.initialAgeMs;
    this.receivedAt = response.receivedAt;
    this.freshUntil = response.freshUntil;
    this.staleWhileRevalidateMs = response.staleWhileRevalidateMs;
    this.staleIfErrorMs = response.staleIfErrorMs;
    this.keepMs = response.keepMs;
    this.alwaysValidate = response.alwaysValidate;
    this.neverStale = response.neverStale;
    this.axes = response.axes;
    this.axisValues = response.axisValues;
    if (response.language !== undefined) this.language = response.language;
    this.scopeId = response.scopeId;
    this.tagIds = response.tagIds;
    this.asOf = response.asOf;
    this.order = response.order;
    this.checkedAt = response.checkedAt;
    this.#tags = response.tags.join('\n');
    this.#shown = flat(linesOf(response.fields));
  }

  get tags(): readonly string[] {
    return this.#tags === '' ? [] : this.#tags.split('\n');
  }

  get fields(): Fields {
    return [...fieldsOf(this.#shown), ...fieldsOf(this.#hidden)];
  }

  /** The lines of those fields that `view` does not hide, each as `name: value` with its CRLF. */
  shownTo(view: View): string {
    if (this.#view !== view) this.#divide(view);
    return this.#shown;
  }

  #divide(view: View): void {
    const shown: string[] = [];
    const hidden: string[] = [];
    const { fields } = this;
    for (let i = 0; i < fields.length; i += 2) (view.hides(fields[i] as string) ? hidden : shown).push(fields[i] as string, fields[i + 1] as string);
    this.#shown = flat(linesOf(shown));
    this.#hidden = flat(linesOf(hidden));
    this.#view = view;
  }
}

/** One piece of memory of its own, instead of the pieces it was put together from, and of what those were cut from. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
