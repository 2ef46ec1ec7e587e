// What the store keeps under one key: one response as a rule, or several variants.
import type { StoredResponse } from '../rules/stored-response.ts';

export interface Slot {
  readonly key: string;
  readonly content: StoredResponse | Several;
  readonly bytes: number;
  /** Since the clock's hand last passed. */
  isUsed: boolean;
  /** The clock's own. */
  place: number;
}

const NONE: readonly never[] = [];

/** Replaced, never changed. */
export class Several {
  /** Newest first. */
  readonly responses: readonly StoredResponse[];
  readonly axes: readonly string[];
  /** When each was used last or stored, by a counter of the store's. */
  readonly uses: Map<StoredResponse, number>;

  constructor(responses: readonly StoredResponse[], uses: Map<StoredResponse, number>) {
    this.responses = responses;
    this.axes = [...new Set(responses.flatMap((response) => response.axes))].toSorted();
    this.uses = uses;
  }
}

/** Newest first. */
export function responsesOf(slot: Slot | undefined): readonly StoredResponse[] {
  const content = slot?.content;
  if (content instanceof Several) return content.responses;
  return content === undefined ? NONE : [content];
}

export function usesOf(slot: Slot | undefined): Map<StoredResponse, number> | undefined {
  return slot?.content instanceof Several ? slot.content.uses : undefined;
}

/** Sorted. */
export function axesOf(slot: Slot | undefined): readonly string[] {
  const axes: readonly string[] = slot?.content.axes ?? NONE;
  return slot?.content instanceof Several || axes.length < 2 ? axes : axes.toSorted();
}
