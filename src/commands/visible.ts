// Texts that senders choose, as they may be printed: none says anything to the terminal, or begins a line.

export function visible(text: string): string {
  return text.replaceAll(/\p{C}/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
}
