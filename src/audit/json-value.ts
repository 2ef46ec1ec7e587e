// A JSON text as a value that can be compared: numbers by what they say, however they are spelled and however many digits they have.

/** A number that a double would round. */
export class Decimal {
  /** Digits without zeros at either end, and the power of ten that they are multiplied by: the same for every spelling. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** As many decimal digits survive a double. */
const EXACT_DIGITS = 15;

/** What may be part of a number that a double would round. */
const LONG_NUMBER = /[\d.]{16}|\d[eE]/;

/** Undefined where `text` is no JSON, or is nested too deep to be looked through. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: LONG_NUMBER.test(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function exactNumbers(_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  const isExact = source.length <= EXACT_DIGITS && Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(source));
  return isExact ? value : new Decimal(canonicalNumber(source));
}

export function sameNumber(a: number | Decimal, b: number | Decimal): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  return textOf(a) === textOf(b);
}

function textOf(number: number | Decimal): string {
  return typeof number === 'number' ? canonicalNumber(String(number)) : number.text;
}

/** `-12.50e3` is `-125e2`, and every zero is `0`. */
export function canonicalNumber(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  let length = digits.length;
  while (digits[length - 1] === '0') length--;
  const significant = digits.slice(0, length);
  if (significant === '') return '0';
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}
