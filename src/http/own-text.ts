// Memory of its own for what is kept: to the engine a part of a text is a view of the whole, and a text made of others is their list.

/** The same text, which is latin1; it keeps nothing else alive. */
export function ownText(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
